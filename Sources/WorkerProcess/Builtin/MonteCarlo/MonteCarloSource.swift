/// The device's part of `risk/monte-carlo-var`.
///
/// Built with `GROUP`: 1 on a CPU, else the work-group's size, for the two functions that read all
/// losses. Sums are kept in whole units and counts are whole anyway, so that no order matters, and
/// nothing but + and × touches a floating-point number: the result is the same on every device.
enum MonteCarloSource {
    static let text = header + Philox.source + NormalTable.source + functions

    /// Contraction would round once where others round twice.
    private static let header = """
        #pragma OPENCL FP_CONTRACT OFF
        #define BINS 2048

        """

    private static let functions = """
        __kernel __attribute__((reqd_work_group_size(64, 1, 1)))
        void simulate(__global const float *weights, uint assets, __global const float4 *table,
                      uint2 seed, uint first, uint paths, __global float *losses)
        {
            uint path = first + get_global_id(0);
            if (path >= paths) return;
            float loss = 0.0f;
            for (uint asset = 0; asset < assets; asset += 4) {
                uint4 bits = philox((uint4)(path, asset / 4, 0, 0), seed);
                loss += weights[asset] * normal(bits.x, table);
                if (asset + 1 < assets) loss += weights[asset + 1] * normal(bits.y, table);
                if (asset + 2 < assets) loss += weights[asset + 2] * normal(bits.z, table);
                if (asset + 3 < assets) loss += weights[asset + 3] * normal(bits.w, table);
            }
            losses[path] = loss + 0.0f;
        }

        uint key(float loss)
        {
            uint bits = as_uint(loss);
            return bits >> 31 ? ~bits : bits | 0x80000000u;
        }

        __kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
        void count(__global const float *losses, uint paths, uint prefix, uint prefix_shift,
                   uint shift, uint mask, uint share, __global uint *bins)
        {
            __local uint own[BINS];
            uint id = get_local_id(0);
            for (uint b = id; b < BINS; b += GROUP) own[b] = 0;
            barrier(CLK_LOCAL_MEM_FENCE);
            uint first = get_group_id(0) * share, last = min(first + share, paths);
            for (uint i = first + id; i < last; i += GROUP) {
                uint k = key(losses[i]);
                if (prefix_shift < 32 && k >> prefix_shift != prefix) continue;
        #if GROUP == 1
                own[k >> shift & mask]++;
        #else
                atomic_inc(own + (k >> shift & mask));
        #endif
            }
            barrier(CLK_LOCAL_MEM_FENCE);
            for (uint b = id; b < BINS; b += GROUP)
                if (own[b]) atomic_add(bins + b, own[b]);
        }

        __kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
        void add_up(__global const float *losses, uint paths, uint quantile, float scale,
                    uint share, __global long *parts)
        {
            __local long sums[GROUP], tails[GROUP];
            uint id = get_local_id(0);
            uint first = get_group_id(0) * share, last = min(first + share, paths);
            long sum = 0, tail = 0;
            for (uint i = first + id; i < last; i += GROUP) {
                long units = convert_long_rte(losses[i] * scale);
                sum += units;
                if (key(losses[i]) > quantile) tail += units;
            }
            sums[id] = sum;
            tails[id] = tail;
            barrier(CLK_LOCAL_MEM_FENCE);
            if (id == 0) {
                for (uint other = 1; other < GROUP; other++) {
                    sum += sums[other];
                    tail += tails[other];
                }
                parts[2 * get_group_id(0)] = sum;
                parts[2 * get_group_id(0) + 1] = tail;
            }
        }
        """
}
