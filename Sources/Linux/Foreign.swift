import CLinux
import Glibc

/// A place of somebody else's.
///
/// A process is in one from when it has joined a mnt namespace (setns(2)), or has taken on a root directory (chroot(2)), until it is back in
/// the mnt namespace that it started in. A mnt namespace that nssh has made itself, by clone(2) or unshare(2), has the files that nssh had, and is
/// not one for the process that is born in it; it is one for every other that joins it, since what has run there meanwhile may have put its own in
/// the place of any file.
///
/// In such a place nothing of the files becomes a part of nssh. No name service is asked (`Users`); no library, locale, character set or time
/// zone is loaded; `require` finds what is loaded or bundled (library.c); what nssh remembers (`StateFile`) and is set up by is not looked for. What
/// a script executes or names there is the script's own choice. A copy of nssh in such a place has no descriptor of nssh's own that
/// leads back, either, nor one that nssh was started with; Lua's open files are the script's.
public enum Foreign {
    /// Whether this process is in one.
    public static var isHere: Bool { nssh_is_foreign() }

    /// To be called before the process, or a copy of it, goes to one: what the C library reads at the first need is read now.
    public static func prepare() { nssh_foreign_prepare() }

    /// The process is in one now.
    public static func begin() {
        nssh_foreign_begin()
        Users.forget()
    }

    /// It has come back.
    public static func end() {
        guard isHere else { return }
        nssh_foreign_end()
        Users.forget()
    }

    /// Takes note of the descriptors that nssh was started with. To be called before others are opened, but /proc.
    public static func noteInherited() { nssh_note_inherited(Proc.root) }

    /// In a copy of nssh that is in one: gives up what nssh has open for itself, and what its caller passed on to it.
    ///
    /// Its /proc too: everything that this process may trace has a way out in it, PID/root for one. The /proc in its place is of the
    /// pid namespace that the copy is in. Where that is nssh's own it is no better, and only one that is there for everybody is taken.
    ///
    /// - Parameter hasOtherPids: the copy is in another pid namespace than nssh.
    public static func giveUpDescriptors(hasOtherPids: Bool) {
        nssh_close_inherited()
        StateFile.closeAll()
        Proc.replace(absence: "in this mnt namespace or root, which is another's, there is no /proc of this pid namespace") {
            nssh_foreign_proc(hasOtherPids)
        }
    }
}
