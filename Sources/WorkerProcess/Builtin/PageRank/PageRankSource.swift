/// The device's part of `graph/pagerank`.
///
/// Built with `GROUP`: 1 on a CPU, where a work-group is one long work-item, else the work-group's
/// size. Rank that flows along edges is counted in whole units of 2^-62, so that the sums do not
/// depend on their order: the transposed rows may be filled by atomics and the result is still the
/// same each time, and a hub with a million incoming edges loses nothing to rounding.
///
/// An iteration is one launch. Each group first adds up what all groups left behind in the launch
/// before (flow and residual), which costs less than a launch that does only that.
enum PageRankSource {
    static let text = header + transposition + iteration

    private static let header = """
        #pragma OPENCL FP_CONTRACT OFF
        #define UNITS 0x1p62f
        #define HEAVY 512u

        ulong units(float value) { return (ulong)(long)(value * UNITS); }
        float value(ulong units) { return (float)(long)units * 0x1p-62f; }

        """

    /// The rows of the transposed graph by counting.
    ///
    /// `starts` has two entries more than there are nodes. A node's edges are counted two places
    /// up, summed, and placed from one place up, so that `starts[v]..<starts[v+1]` is right in the
    /// end without a copy of the cursors.
    private static let transposition = """
        #if GROUP == 1
        __kernel void transpose(__global const uint *offsets, __global const uint *targets,
                                uint nodes, __global uint *starts, __global uint *sources)
        {
            uint edges = offsets[nodes];
            for (uint v = 0; v < nodes + 2; v++) starts[v] = 0;
            for (uint i = 0; i < edges; i++) starts[targets[i] + 2]++;
            uint sum = 0;
            for (uint v = 0; v < nodes + 2; v++) { sum += starts[v]; starts[v] = sum; }
            for (uint u = 0; u < nodes; u++)
                for (uint i = offsets[u]; i < offsets[u + 1]; i++)
                    sources[starts[targets[i] + 1]++] = u;
        }
        #else
        __kernel void count_edges(__global const uint *targets, uint edges, __global uint *starts)
        {
            for (uint i = get_global_id(0); i < edges; i += get_global_size(0))
                atomic_inc(starts + targets[i] + 2);
        }

        __kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
        void sum_counts(__global uint *starts, uint count)
        {
            __local uint sums[GROUP];
            uint id = get_local_id(0);
            uint share = (count + GROUP - 1) / GROUP;
            uint low = min(id * share, count), high = min(low + share, count);
            uint sum = 0;
            for (uint v = low; v < high; v++) sum += starts[v];
            sums[id] = sum;
            barrier(CLK_LOCAL_MEM_FENCE);
            uint before = 0;
            for (uint other = 0; other < id; other++) before += sums[other];
            for (uint v = low; v < high; v++) { before += starts[v]; starts[v] = before; }
        }

        __kernel void place_edges(__global const uint *offsets, __global const uint *targets,
                                  uint nodes, __global uint *starts, __global uint *sources)
        {
            for (uint u = get_global_id(0); u < nodes; u += get_global_size(0))
                for (uint i = offsets[u]; i < offsets[u + 1]; i++)
                    sources[atomic_inc(starts + targets[i] + 1)] = u;
        }
        #endif

        """

    /// One iteration a launch, over a board that all groups write on.
    ///
    /// `board` holds iterations, residual, two flags by parity, then flow and residual of each
    /// group by parity of the iteration. A flag is read in the launch after the one that writes it.
    ///
    /// Rows are short: a compiler that makes vectors of `pull` loses a fifth of the time to their
    /// beginnings and ends. The pragma is clang's, others pass over it.
    private static let iteration = """
        ulong2 add_up(ulong2 mine, __local ulong2 *sums)
        {
        #if GROUP == 1
            return mine;
        #else
            uint id = get_local_id(0);
            sums[id] = mine;
            barrier(CLK_LOCAL_MEM_FENCE);
            for (uint width = GROUP / 2; width > 0; width /= 2) {
                if (id < width) sums[id] += sums[id + width];
                barrier(CLK_LOCAL_MEM_FENCE);
            }
            ulong2 total = sums[0];
            barrier(CLK_LOCAL_MEM_FENCE);
            return total;
        #endif
        }

        ulong2 settle(uint node, float rank, float before, __global const uint *offsets,
                      __global float *ranks, __global ulong *flows)
        {
            uint degree = offsets[node + 1] - offsets[node];
            ulong flow = degree ? units(rank / degree) : 0;
            ranks[node] = rank;
            flows[node] = flow;
            return (ulong2)(flow * degree, units(fabs(rank - before)));
        }

        ulong pull(__global const uint *sources, __global const ulong *flows, uint low, uint high,
                   uint step)
        {
            ulong sum = 0;
        #pragma clang loop vectorize(disable) interleave(disable)
            for (uint i = low; i < high; i += step) sum += flows[sources[i]];
            return sum;
        }

        void leave(__global ulong *board, uint parity, ulong2 total)
        {
            __global ulong *part = board + 4 + 2 * (get_num_groups(0) * parity + get_group_id(0));
            if (get_local_id(0) == 0) { part[0] = total.x; part[1] = total.y; }
        }

        __kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
        void begin(__global const uint *offsets, __global float *ranks, __global ulong *flows,
                   __global ulong *board, uint nodes, uint rows)
        {
            __local ulong2 sums[GROUP];
            uint low = get_group_id(0) * rows, high = min(low + rows, nodes);
            float rank = 1.0f / nodes;
            ulong2 mine = (ulong2)(0, 0);
            for (uint v = low + get_local_id(0); v < high; v += GROUP)
                mine += settle(v, rank, 0.0f, offsets, ranks, flows);
            mine = add_up(mine, sums);
            leave(board, 0, mine);
            if (get_global_id(0) == 0) for (uint i = 0; i < 4; i++) board[i] = 0;
        }

        __kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
        void iterate(__global const uint *offsets, __global const uint *starts,
                     __global const uint *sources, __global float *ranks, __global ulong *flows,
                     __global ulong *board, uint nodes, uint rows, float damping,
                     ulong tolerance, uint round)
        {
            __local ulong2 sums[GROUP];
            uint id = get_local_id(0), groups = get_num_groups(0), parity = round & 1;
            if (board[2 + (parity ^ 1)]) {
                if (get_global_id(0) == 0) board[2 + parity] = 1;
                return;
            }
            ulong2 total = (ulong2)(0, 0);
            __global const ulong *parts = board + 4 + 2 * groups * (parity ^ 1);
            for (uint g = id; g < groups; g += GROUP)
                total += (ulong2)(parts[2 * g], parts[2 * g + 1]);
            total = add_up(total, sums);
            if (round > 1 && total.y <= tolerance) {
                if (get_global_id(0) == 0) {
                    board[0] = round - 1;
                    board[1] = total.y;
                    board[2 + parity] = 1;
                }
                return;
            }
            float base = (1.0f - damping * value(total.x)) / nodes;
            __global const ulong *from = flows + (size_t)nodes * (parity ^ 1);
            __global ulong *to = flows + (size_t)nodes * parity;
            uint first = get_group_id(0) * rows, last = min(first + rows, nodes);
            ulong2 mine = (ulong2)(0, 0);
        #if GROUP == 1
            for (uint v = first; v < last; v++) {
                ulong sum = pull(sources, from, starts[v], starts[v + 1], 1);
                mine += settle(v, base + damping * value(sum), ranks[v], offsets, ranks, to);
            }
        #else
            __local uint2 edges[GROUP];
            for (uint block = first; block < last; block += GROUP) {
                uint v = block + id;
                uint2 own = v < last ? (uint2)(starts[v], starts[v + 1]) : (uint2)(0, 0);
                edges[id] = own;
                barrier(CLK_LOCAL_MEM_FENCE);
                ulong sum = own.y - own.x <= HEAVY ? pull(sources, from, own.x, own.y, 1) : 0;
                for (uint other = 0; other < GROUP; other++) {
                    uint2 row = edges[other];
                    if (row.y - row.x <= HEAVY) continue;
                    ulong part = pull(sources, from, row.x + id, row.y, GROUP);
                    ulong whole = add_up((ulong2)(part, 0), sums).x;
                    if (id == other) sum = whole;
                }
                barrier(CLK_LOCAL_MEM_FENCE);
                if (v < last)
                    mine += settle(v, base + damping * value(sum), ranks[v], offsets, ranks, to);
            }
            mine = add_up(mine, sums);
        #endif
            leave(board, parity, mine);
        }
        """
}
