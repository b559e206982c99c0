/* One pass of Jacobi's iteration for Laplace's equation: every inner point becomes the mean of its
 * four neighbours. Reads one buffer and writes the other; the worker swaps them after each pass.
 * Sets `moving` when a point changed by more than the tolerance. */
__kernel void heat(__global const float *now,
                   __global float *next,
                   __global volatile uint *moving,
                   const float tolerance,
                   const uint height,
                   const uint width)
{
    const size_t x = get_global_id(0);
    const size_t y = get_global_id(1);
    /* The edge is held: both buffers have it from the start. */
    if (x == 0 || y == 0 || x + 1 >= width || y + 1 >= height)
        return;

    const size_t i = y * width + x;
    const float mean = 0.25f * (now[i - 1] + now[i + 1] + now[i - width] + now[i + width]);
    next[i] = mean;
    if (fabs(mean - now[i]) > tolerance)
        *moving = 1;
}
