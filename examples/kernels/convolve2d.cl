/* result[y][x] = sum over (j, i) of filter[j][i] * image[y + cy - j][x + cx - i]
 *
 * with the filter's centre (cy, cx) = (filter_height / 2, filter_width / 2). The minus signs make
 * it a convolution; with plus signs it would be a correlation. Coordinates outside the image are
 * clamped to its edge. One work-item per pixel. */
__kernel void convolve2d(__global const float *image,
                         __global const float *filter,
                         __global float *result,
                         const int height,
                         const int width,
                         const int filter_height,
                         const int filter_width)
{
    const int x = (int)get_global_id(0);
    const int y = (int)get_global_id(1);
    if (x >= width || y >= height)
        return;

    const int center_y = filter_height / 2;
    const int center_x = filter_width / 2;
    float sum = 0.0f;
    for (int j = 0; j < filter_height; ++j) {
        const size_t row = (size_t)clamp(y + center_y - j, 0, height - 1) * width;
        for (int i = 0; i < filter_width; ++i) {
            const int column = clamp(x + center_x - i, 0, width - 1);
            sum += filter[(size_t)j * filter_width + i] * image[row + column];
        }
    }
    result[(size_t)y * width + x] = sum;
}
