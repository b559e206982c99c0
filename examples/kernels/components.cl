/* Label propagation: every node starts with its own index and takes the smallest label that it
 * sees, until no label changes. Labels only ever go down, and a label is always a node of the same
 * component, so that it does not matter in which order the work-items run. */
__kernel void label_by_index(__global uint *labels, const uint n)
{
    const size_t i = get_global_id(0);
    if (i < n)
        labels[i] = (uint)i;
}

__kernel void take_smallest(__global const uint *offsets,
                            __global const uint *targets,
                            __global volatile uint *labels,
                            __global volatile uint *changed,
                            const uint n)
{
    const size_t i = get_global_id(0);
    if (i >= n)
        return;

    const uint before = labels[i];
    uint smallest = before;
    for (uint edge = offsets[i]; edge < offsets[i + 1]; ++edge)
        smallest = min(smallest, labels[targets[edge]]);
    /* The label of the label: a long path takes far fewer passes. */
    smallest = min(smallest, labels[smallest]);

    bool is_changed = false;
    if (smallest < before)
        is_changed = atomic_min(&labels[i], smallest) > smallest;
    /* Back along the edge too, so that one direction of an edge is enough. */
    for (uint edge = offsets[i]; edge < offsets[i + 1]; ++edge) {
        const uint target = targets[edge];
        if (labels[target] > smallest)
            is_changed |= atomic_min(&labels[target], smallest) > smallest;
    }
    if (is_changed)
        *changed = 1;
}
