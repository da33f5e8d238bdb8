import Linux
import Testing

@Suite struct NumberTextTests {
    @Test(arguments: [
        (0.0, "0"), (-0.0, "0"), (1.5, "2"), (-2.4, "-2"), (9.2e18, "9200000000000000000"), (0x1p63, "9.223372036854776e+18"),
        (-0x1p63, "-9223372036854775808"), (1e300, "1e+300"), (.infinity, "inf"), (-.infinity, "-inf"), (.nan, "nan"),
    ])
    func anyNumberIsTold(_ value: Double, _ text: String) { #expect(NumberText.whole(value) == text) }

    @Test(arguments: [
        (0.0, "0.000"), (12.4021, "12.402"), (-1.25, "-1.250"), (-0.0004, "0.000"), (9.3e15, "9.3e+15"), (1e300, "1e+300"), (.nan, "nan"),
        (-.infinity, "-inf"),
    ])
    func anyTimeIsTold(_ value: Double, _ text: String) { #expect(NumberText.milliseconds(value) == text) }
}
