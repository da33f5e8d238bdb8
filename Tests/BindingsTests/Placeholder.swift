import Testing

// In place of the first test: SwiftPM refuses a target without sources.
@Suite struct Placeholder {}
