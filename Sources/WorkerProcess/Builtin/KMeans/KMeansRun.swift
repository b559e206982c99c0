internal import WorkerKit

/// One set of points on the device, from the first centroids to the last labels.
final class KMeansRun {
    struct Limits {
        var clusterCount: Int
        var maxIterations: UInt32
        /// How far a centroid may move in an iteration that is the last.
        var tolerance: Float
        var seed: UInt64
    }

    struct Ending {
        var centroids: [Float]
        var inertia: Double
        var iterations: UInt32
    }

    let device: ComputeDevice
    let functions: KMeansFunctions
    let points: UnsafeBufferPointer<Float>
    let dimensions: Int
    let pointCount: Int
    let clusterCount: Int
    /// Points in a column, padded to whole items.
    let stride: Int
    /// Points whose distances are added up by one item.
    let share = 1024
    let columns: DeviceBuffer
    let nearest: DeviceBuffer
    let chunkSums: DeviceBuffer
    private let limits: Limits
    private let chunkCount: Int
    private let labels: DeviceBuffer
    private let centroids: DeviceBuffer
    private let sums: DeviceBuffer
    private let sizes: DeviceBuffer
    private let members: DeviceBuffer

    /// Bytes of the sums of all chunks together, about.
    private static let maxSumBytes = 64 << 20

    init(
        _ points: UnsafeBufferPointer<Float>,
        dimensions: Int,
        _ limits: Limits,
        _ functions: KMeansFunctions,
        _ device: ComputeDevice
    ) throws(OpenCLError) {
        self.device = device
        self.functions = functions
        self.limits = limits
        self.points = points
        self.dimensions = dimensions
        pointCount = points.count / dimensions
        clusterCount = limits.clusterCount
        stride = (pointCount + 7) / 8 * 8
        let sumBytes = clusterCount * (dimensions + 1) * MemoryLayout<Float>.stride
        let fitting = max(1, KMeansRun.maxSumBytes / sumBytes)
        chunkCount = max(1, min(pointCount / share, fitting, 256))
        columns = try device.scratch(Float.self, count: stride * dimensions)
        nearest = try device.scratch(Float.self, count: stride)
        labels = try device.scratch(UInt32.self, count: stride)
        chunkSums = try device.scratch(Float.self, count: (pointCount + share - 1) / share)
        centroids = try device.scratch(Float.self, count: clusterCount * dimensions)
        sums = try device.scratch(Float.self, count: chunkCount * clusterCount * dimensions)
        sizes = try device.scratch(UInt32.self, count: chunkCount * clusterCount)
        members = try device.scratch(UInt32.self, count: clusterCount)
    }

    /// Clusters the points; labels go to `labelBytes`, `UInt32[pointCount]`.
    func run(labels labelBytes: UnsafeMutableRawBufferPointer, call: KernelCall) throws -> Ending {
        try layOut()
        let first = try seedCentroids(seed: limits.seed, call: call)
        return try refine(first, labels: labelBytes, call: call)
    }

    /// Lloyd's iterations from these centroids, one a row; the points are laid out.
    func refine(
        _ first: [Float],
        labels labelBytes: UnsafeMutableRawBufferPointer,
        call: KernelCall
    ) throws -> Ending {
        var current = first
        try write(current)
        var iterations: UInt32 = 0
        var isSettled = false
        while !isSettled, iterations < limits.maxIterations {
            try assign(call)
            let next = try moveCentroids(from: current)
            isSettled = KMeansRun.largestMove(current, next, dimensions) <= Double(limits.tolerance)
            current = next
            iterations += 1
            call.advance()
        }
        try assign(call)
        let inertia = try addNearest().reduce(0.0) { $0 + Double($1) }
        try device.queue.read(labels, into: labelBytes)
        return Ending(centroids: current, inertia: inertia, iterations: iterations)
    }

    /// The sums of `nearest`, one a chunk of `share` points.
    func addNearest() throws(OpenCLError) -> [Float] {
        var sums = [Float](repeating: 0, count: (pointCount + share - 1) / share)
        try functions.addChunks.set(
            .buffer(nearest),
            .u32(UInt32(pointCount)),
            .u32(UInt32(share)),
            .buffer(chunkSums)
        )
        try functions.addChunks.launch(on: device, global: [sums.count], local: [1])
        try device.read(chunkSums, into: &sums)
        return sums
    }

    func layOut() throws(OpenCLError) {
        let rows = try device.input(UnsafeRawBufferPointer(points))
        try functions.toColumns.set(
            .buffer(rows),
            .u32(UInt32(pointCount)),
            .u32(UInt32(dimensions)),
            .u32(UInt32(stride)),
            .buffer(columns)
        )
        let groups = (stride + 63) / 64
        try functions.toColumns.launch(on: device, groups: groups, of: 64)
        try device.queue.finish()
    }

    private func write(_ centroids: [Float]) throws {
        try centroids.withUnsafeBytes { try device.queue.write($0, to: self.centroids) }
    }

    /// In bands of points, since a launch cannot be stopped.
    private func assign(_ call: KernelCall) throws {
        try functions.assign.set(
            .buffer(columns),
            .u32(UInt32(dimensions)),
            .u32(UInt32(stride)),
            .u32(0),
            .buffer(centroids),
            .u32(UInt32(clusterCount)),
            .buffer(labels),
            .buffer(nearest)
        )
        let perGroup = 8 * functions.groupSize
        let work = device.info.prefersLongItems ? 1 << 30 : 1 << 36
        let groupsAtOnce = max(1, work / (clusterCount * dimensions) / perGroup)
        for first in Swift.stride(from: 0, to: stride, by: groupsAtOnce * perGroup) {
            try call.checkCancellation()
            let groups = min(groupsAtOnce, (stride - first + perGroup - 1) / perGroup)
            try functions.assign.set(3, .u32(UInt32(first)))
            try functions.assign.launch(on: device, groups: groups, of: functions.groupSize)
            try device.queue.finish()
        }
    }

    /// Moves each centroid to the mean of its members, on the device too.
    ///
    /// A cluster without members takes the point that is furthest from its own centroid, the first
    /// of equals, and each further one the next such point.
    private func moveCentroids(from current: [Float]) throws -> [Float] {
        let share = (pointCount + chunkCount - 1) / chunkCount
        try functions.addMembers.set(
            .buffer(columns),
            .u32(UInt32(pointCount)),
            .u32(UInt32(dimensions)),
            .u32(UInt32(stride)),
            .u32(UInt32(share)),
            .u32(UInt32(clusterCount)),
            .buffer(labels),
            .buffer(sums),
            .buffer(sizes)
        )
        try functions.addMembers.launch(on: device, global: [dimensions, chunkCount])
        try functions.average.set(
            .buffer(sums),
            .buffer(sizes),
            .u32(UInt32(chunkCount)),
            .u32(UInt32(dimensions)),
            .u32(UInt32(clusterCount)),
            .buffer(centroids),
            .buffer(members)
        )
        try functions.average.launch(on: device, global: [dimensions, clusterCount])
        var next = current
        var counts = [UInt32](repeating: 0, count: clusterCount)
        try device.read(centroids, into: &next)
        try device.read(members, into: &counts)
        let empty = counts.indices.filter { counts[$0] == 0 }
        guard !empty.isEmpty else { return next }
        for (cluster, point) in zip(empty, try furthestPoints(empty.count)) {
            for j in 0..<dimensions {
                next[cluster * dimensions + j] = points[point * dimensions + j]
            }
        }
        try write(next)
        return next
    }

    private func furthestPoints(_ count: Int) throws(OpenCLError) -> [Int] {
        var distances = [Float](repeating: 0, count: stride)
        try device.read(nearest, into: &distances)
        let order = (0..<pointCount).sorted {
            (distances[$1], $0) < (distances[$0], $1)
        }
        return Array(order.prefix(count))
    }

    private static func largestMove(_ old: [Float], _ new: [Float], _ dimensions: Int) -> Double {
        Swift.stride(from: 0, to: old.count, by: dimensions).reduce(0.0) { largest, start in
            let square = (start..<start + dimensions).reduce(0.0) { sum, i in
                let gap = Double(new[i]) - Double(old[i])
                return sum + gap * gap
            }
            return max(largest, square.squareRoot())
        }
    }
}
