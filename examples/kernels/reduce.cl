/* A reduction in two launches: every group reduces a share of the array to one partial result, then
 * one group reduces the partial results. Sums are added as a tree, which loses less than adding one
 * element after the other. The group size is a power of two. */

/* Combines what every work-item of the group found; the result is in element 0. */
static void reduce_local(__local float *sum, __local float *minimum, __local float *maximum)
{
    const size_t item = get_local_id(0);
    for (size_t width = get_local_size(0) / 2; width > 0; width /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < width) {
            sum[item] += sum[item + width];
            minimum[item] = fmin(minimum[item], minimum[item + width]);
            maximum[item] = fmax(maximum[item], maximum[item + width]);
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
}

__kernel void reduce_groups(__global const float *values,
                            const uint n,
                            __global float *sums,
                            __global float *minima,
                            __global float *maxima,
                            __local float *sum,
                            __local float *minimum,
                            __local float *maximum)
{
    const size_t item = get_local_id(0);
    sum[item] = 0.0f;
    minimum[item] = INFINITY;
    maximum[item] = -INFINITY;
    for (size_t i = get_global_id(0); i < n; i += get_global_size(0)) {
        const float value = values[i];
        sum[item] += value;
        minimum[item] = fmin(minimum[item], value);
        maximum[item] = fmax(maximum[item], value);
    }
    reduce_local(sum, minimum, maximum);
    if (item == 0) {
        sums[get_group_id(0)] = sum[0];
        minima[get_group_id(0)] = minimum[0];
        maxima[get_group_id(0)] = maximum[0];
    }
}

__kernel void reduce_partials(__global const float *sums,
                              __global const float *minima,
                              __global const float *maxima,
                              const uint groups,
                              __global float *out_sum,
                              __global float *out_minimum,
                              __global float *out_maximum,
                              __local float *sum,
                              __local float *minimum,
                              __local float *maximum)
{
    const size_t item = get_local_id(0);
    sum[item] = 0.0f;
    minimum[item] = INFINITY;
    maximum[item] = -INFINITY;
    for (size_t i = item; i < groups; i += get_local_size(0)) {
        sum[item] += sums[i];
        minimum[item] = fmin(minimum[item], minima[i]);
        maximum[item] = fmax(maximum[item], maxima[i]);
    }
    reduce_local(sum, minimum, maximum);
    if (item == 0) {
        *out_sum = sum[0];
        *out_minimum = minimum[0];
        *out_maximum = maximum[0];
    }
}
