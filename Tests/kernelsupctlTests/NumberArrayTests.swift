import SupervisionWire
import Testing

@testable import kernelsupctl

@Suite struct NumberArrayTests {
    private func problem(_ text: String) -> String? {
        do throws(NumberArray.Problem) {
            _ = try NumberArray(text)
            return nil
        } catch {
            return error.message
        }
    }

    @Test(arguments: [
        ("3", [], 1), ("-1.5e3", [], 1), ("[]", [0], 0), ("[1]", [1], 1), ("[1,2,3]", [3], 3),
        (" [ [1, 2, 3] , [4,5,6] ] ", [2, 3], 6), ("[[],[]]", [2, 0], 0),
        ("[[[[[[[[1]]]]]]]]", [1, 1, 1, 1, 1, 1, 1, 1], 1),
    ])
    func `reads scalars and nested arrays`(text: String, shape: [Int], count: Int) throws {
        let array = try NumberArray(text)
        #expect(array.shape == shape)
        #expect(array.numbers.count == count)
    }

    @Test func `keeps whole numbers exactly, up to 64 bits`() throws {
        let array = try NumberArray("[-9223372036854775808, 18446744073709551615, -0, nan, -inf]")
        #expect(array.numbers[0] == .signed(.min))
        #expect(array.numbers[1] == .unsigned(.max))
        #expect(array.numbers[2] == .real(-0.0))
        #expect(array.numbers[3].text == "nan")
        #expect(array.numbers[4].text == "-inf")
        #expect(try array.numbers[1].integer(UInt64.self) == .max)
    }

    @Test(arguments: [
        ("", "a value is missing (at character 1)"), ("x", "'x' is no number (at character 1)"),
        ("[1,", "a value is missing (at character 4)"), ("[1", "']' is missing (at character 3)"),
        ("[1 2]", "',' or ']' is expected (at character 4)"),
        ("[1,,2]", "a number is missing (at character 4)"),
        ("1 2", "there is more text after the value (at character 3)"),
        (
            "[[1,2],[3]]",
            "the element before has shape [1], those before it [2] (at character 11)"
        ),
        ("[1,[2]]", "the element before has shape [1], those before it [] (at character 7)"),
        ("[[[[[[[[[1]]]]]]]]]", "at most 8 dimensions (at character 9)"),
        ("0x10", "'0x10' is no number (at character 1)"),
        ("1_000", "'1_000' is no number (at character 1)"),
        ("true", "'true' is no number (at character 1)"),
        ("+1", "'+1' is no number (at character 1)"),
    ])
    func `says what is wrong and where`(text: String, message: String) {
        #expect(problem(text) == message)
    }

    @Test(arguments: [
        ("256", ElementType.u8, "256 is not in 0...255"),
        ("-1", .u32, "-1 is not in 0...4294967295"),
        ("1.5", .i64, "1.5 is no whole number"),
        ("1e39", .f32, "1e+39 is larger than the type holds"),
        ("70000", .f16, "70000 is larger than the type holds"),
        ("[1, 2, 300]", .i8, "element 2: 300 is not in -128...127"),
    ])
    func `refuses a number that its type does not hold`(
        text: String,
        type: ElementType,
        reason: String
    ) throws {
        let array = try NumberArray(text)
        #expect(throws: Number.Misfit(reason: reason)) { try array.bytes(as: type) }
    }

    @Test func `takes a whole number in any notation`() throws {
        #expect(try NumberArray("1e3").bytes(as: .u16) == [0xE8, 0x03])
        #expect(try NumberArray("2.0").bytes(as: .i8) == [2])
    }

    @Test(arguments: [
        ("1", ElementType.i32), ("[1, 5000000000]", .i64), ("[1, 2.5]", .f32), ("[]", .f32),
        ("18446744073709551615", .f32),
    ])
    func `implies a type where no signature is known`(text: String, type: ElementType) throws {
        #expect(try NumberArray(text).impliedType == type)
    }

    @Test func `survives twenty thousand corrupted values`() {
        var random = SeededGenerator(seed: 5)
        let alphabet = Array("[[]],,  0123456789.-+eEnaif".utf8)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &random)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            guard let array = try? NumberArray(String(decoding: bytes, as: UTF8.self)) else {
                continue
            }
            #expect(array.shape.reduce(1, *) == array.numbers.count)
        }
    }

    @Test(arguments: [
        ("250ms", Duration.milliseconds(250)), ("5s", .seconds(5)), ("2.5s", .milliseconds(2500)),
        ("10min", .seconds(600)), ("3m", .seconds(180)), ("1h", .seconds(3600)),
        ("7us", .microseconds(7)),
    ])
    func `reads a span with its unit`(text: String, duration: Duration) {
        #expect(TimeSpan(argument: text)?.duration == duration)
    }

    @Test(arguments: ["", "5", "s", "-5s", "5 s", "1e3s", "0s", "nans", "99999999999999h", "5d"])
    func `refuses a span without unit, sign or sense`(text: String) {
        #expect(TimeSpan(argument: text) == nil)
    }
}
