import CLinux
import Linux

extension NamespaceType {
    /// Whether this kernel has the type: its link below /proc/self/ns is there.
    public var isSupported: Bool { (try? Proc.link("self/ns/\(rawValue)")) != nil }
}
