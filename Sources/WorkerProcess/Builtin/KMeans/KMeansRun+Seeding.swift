internal import WorkerKit

extension KMeansRun {
    /// The first centroids: points of the set, each drawn with a probability that grows with the
    /// square of its distance to the nearest one drawn before.
    ///
    /// When all points coincide with a centroid already, any point is drawn; the cluster stays
    /// empty until a point moves away.
    ///
    /// Source: Arthur and Vassilvitskii, "k-means++: The Advantages of Careful Seeding", SODA 2007.
    func seedCentroids(seed: UInt64, call: KernelCall) throws -> [Float] {
        var centroids: [Float] = []
        centroids.reserveCapacity(clusterCount * dimensions)
        let first = Philox.uniform(at: 0, seed: seed) * Double(pointCount)
        var point = min(pointCount - 1, Int(first))
        for round in 0..<clusterCount {
            centroids.append(contentsOf: points[point * dimensions..<(point + 1) * dimensions])
            guard round + 1 < clusterCount else { break }
            try call.checkCancellation()
            try approach(point, isFirst: round == 0)
            point = try draw(Philox.uniform(at: UInt32(round + 1), seed: seed))
            call.advance()
        }
        return centroids
    }

    /// Takes a new centroid into account in `nearest`.
    private func approach(_ point: Int, isFirst: Bool) throws(OpenCLError) {
        try functions.approach.set(
            .buffer(columns),
            .u32(UInt32(dimensions)),
            .u32(UInt32(stride)),
            .u32(UInt32(point)),
            .u32(isFirst ? 1 : 0),
            .buffer(nearest)
        )
        let perGroup = 8 * functions.groupSize
        let groups = (stride + perGroup - 1) / perGroup
        try functions.approach.launch(on: device, groups: groups, of: functions.groupSize)
    }

    /// The point where the running sum of `nearest` passes `share` of the whole: first the chunk,
    /// then the point in it.
    private func draw(_ share: Double) throws(OpenCLError) -> Int {
        let chunks = try addNearest()
        let total = chunks.reduce(0.0) { $0 + Double($1) }
        guard total > 0, total.isFinite else {
            return min(pointCount - 1, Int(share * Double(pointCount)))
        }
        var left = share * total
        var chunk = 0
        while chunk < chunks.count - 1, left >= Double(chunks[chunk]) {
            left -= Double(chunks[chunk])
            chunk += 1
        }
        let start = chunk * self.share
        var distances = [Float](repeating: 0, count: min(self.share, pointCount - start))
        try device.read(nearest, at: start * MemoryLayout<Float>.stride, into: &distances)
        var drawn = start
        for (place, distance) in distances.enumerated() where distance > 0 {
            drawn = start + place
            guard left >= Double(distance) else { break }
            left -= Double(distance)
        }
        return drawn
    }
}
