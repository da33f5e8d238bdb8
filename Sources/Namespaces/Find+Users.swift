import Glibc

/// The names of users. getpwuid(3), getpwnam(3)
enum Users {
    /// The name of a user id; nil where there is none.
    static func name(of uid: UInt32) -> String? { getpwuid(uid).map { String(cString: $0.pointee.pw_name) } }

    /// The user id of a name; nil where there is none.
    static func id(of name: String) -> UInt32? { getpwnam(name)?.pointee.pw_uid }
}
