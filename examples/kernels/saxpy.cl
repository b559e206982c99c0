/* One work-item per element. The number of work-items is rounded up to whole groups, so the last
 * ones have nothing to do. */
__kernel void saxpy(const float a,
                    __global const float *x,
                    __global const float *y,
                    __global float *result,
                    const uint n)
{
    const size_t i = get_global_id(0);
    if (i >= n)
        return;
    result[i] = a * x[i] + y[i];
}
