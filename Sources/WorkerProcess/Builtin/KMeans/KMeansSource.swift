/// The device's part of `ml/kmeans-cluster`.
///
/// Points lie by column, `columns[dimension][point]`, and an item handles eight neighbours, whose
/// numbers it so reads side by side. A column is `stride` long, a multiple of eight.
enum KMeansSource {
    static let text = layout + distances + means

    private static let layout = """
        __kernel void to_columns(__global const float *points, uint count, uint dimensions,
                                 uint stride, __global float *columns)
        {
            size_t i = get_global_id(0);
            if (i >= stride) return;
            for (size_t j = 0; j < dimensions; j++)
                columns[j * stride + i] = i < count ? points[i * dimensions + j] : 0.0f;
        }

        """

    /// Squared distances to one point, and to the nearest of all centroids.
    ///
    /// `assign` looks at two centroids at a time, so that it reads each point half as often. Of
    /// centroids equally near, the first wins.
    private static let distances = """
        __kernel __attribute__((reqd_work_group_size(LOCAL, 1, 1)))
        void approach(__global const float *columns, uint dimensions, uint stride, uint centre,
                      uint is_first, __global float *nearest)
        {
            size_t i = get_global_id(0) * 8;
            if (i >= stride) return;
            float8 sum = 0.0f;
            for (size_t j = 0; j < dimensions; j++) {
                float8 gap = vload8(0, columns + j * stride + i) - columns[j * stride + centre];
                sum += gap * gap;
            }
            if (!is_first) sum = fmin(sum, vload8(0, nearest + i));
            vstore8(sum, 0, nearest + i);
        }

        __kernel __attribute__((reqd_work_group_size(LOCAL, 1, 1)))
        void assign(__global const float *columns, uint dimensions, uint stride, uint first,
                    __global const float *centroids, uint k,
                    __global uint *labels, __global float *nearest)
        {
            size_t i = first + get_global_id(0) * 8;
            if (i >= stride) return;
            float8 best = INFINITY;
            uint8 label = 0;
            for (uint c = 0; c < k; c += 2) {
                __global const float *one = centroids + (size_t)c * dimensions;
                __global const float *two = c + 1 < k ? one + dimensions : one;
                float8 sum = 0.0f, other = 0.0f;
                for (size_t j = 0; j < dimensions; j++) {
                    float8 x = vload8(0, columns + j * stride + i);
                    float8 gap = x - one[j], wide = x - two[j];
                    sum += gap * gap;
                    other += wide * wide;
                }
                label = select(label, (uint8)(c), isless(sum, best));
                best = fmin(best, sum);
                label = select(label, (uint8)(c + 1), isless(other, best));
                best = fmin(best, other);
            }
            vstore8(label, 0, labels + i);
            vstore8(best, 0, nearest + i);
        }

        __kernel void add_chunks(__global const float *values, uint count, uint share,
                                 __global float *sums)
        {
            uint chunk = get_global_id(0);
            uint first = chunk * share, last = min(first + share, count);
            float sum = 0.0f;
            for (uint i = first; i < last; i++) sum += values[i];
            sums[chunk] = sum;
        }

        """

    /// The means without atomics: an item adds up one dimension of one chunk of the points, each
    /// in its own place, then the chunks are added in their order.
    private static let means = """
        __kernel void add_members(__global const float *columns, uint count, uint dimensions,
                                  uint stride, uint share, uint k, __global const uint *labels,
                                  __global float *sums, __global uint *sizes)
        {
            size_t j = get_global_id(0), chunk = get_global_id(1);
            uint first = chunk * share, last = min(first + share, count);
            __global float *own = sums + chunk * k * dimensions;
            __global uint *size = sizes + chunk * k;
            for (uint c = 0; c < k; c++) own[(size_t)c * dimensions + j] = 0.0f;
            if (j == 0) for (uint c = 0; c < k; c++) size[c] = 0;
            for (uint i = first; i < last; i++) {
                own[(size_t)labels[i] * dimensions + j] += columns[j * stride + i];
                if (j == 0) size[labels[i]]++;
            }
        }

        __kernel void average(__global const float *sums, __global const uint *sizes, uint chunks,
                              uint dimensions, uint k, __global float *centroids,
                              __global uint *members)
        {
            size_t j = get_global_id(0), c = get_global_id(1);
            float sum = 0.0f;
            uint size = 0;
            for (size_t chunk = 0; chunk < chunks; chunk++) {
                sum += sums[(chunk * k + c) * dimensions + j];
                size += sizes[chunk * k + c];
            }
            if (size) centroids[c * dimensions + j] = sum / size;
            if (j == 0) members[c] = size;
        }
        """
}
