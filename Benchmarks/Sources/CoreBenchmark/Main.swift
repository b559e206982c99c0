/// What the core costs by itself: no sockets, no processes, one thread.
@main
enum Main {
    static func main() {
        var table = FigureTable()
        BreakerFigures.measure(into: &table)
        SupervisorFigures.measure(into: &table)
        table.show()
    }
}
