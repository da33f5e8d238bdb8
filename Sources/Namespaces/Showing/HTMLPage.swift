import CLinux
import Glibc
import Linux

/// A snapshot as one HTML file that needs no other and no network: boxes by ownership, with their processes. The frame, its style and the
/// filter are Resources/snapshot.html.
public struct HTMLPage {
    private let snapshot: Snapshot
    private var describing: Describing
    /// What is in a box, by its position; and what is in none.
    private var inside: [[Int]]
    private var top: [Int] = []
    private var html = ""

    /// The page's text.
    public static func text(_ snapshot: Snapshot) -> String {
        var page = HTMLPage(snapshot)
        for position in page.top { page.add(box: position, isWide: true) }
        page.addUnreadable()
        let title = snapshot.isAnonymous ? "Namespaces" : "Namespaces of \(snapshot.host)"
        return page.frame(["title": HTMLPage.escaped(title), "about": HTMLPage.escaped(page.about), "boxes": page.html])
    }

    private init(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        describing = Describing(snapshot, ascii: false)
        inside = [[Int]](repeating: [], count: snapshot.namespaces.count)
        for (position, namespace) in snapshot.namespaces.enumerated() {
            // A pid namespace is in the box of its parent, if both have one owner: a box can be in one other only.
            let parent = namespace.parent.flatMap { snapshot[$0] }
            let outer = parent?.owner == namespace.owner ? namespace.parent : namespace.owner
            if let outer = (outer ?? namespace.owner).flatMap({ snapshot.position(of: $0) }) {
                inside[outer].append(position)
            } else {
                top.append(position)
            }
        }
    }

    /// Puts the parts into the frame: `{{title}}` and the others.
    private func frame(_ parts: [String: String]) -> String {
        var size = 0
        let start = nssh_page(&size)
        var rest = UnsafeRawBufferPointer(start: start, count: size)[...]
        var result: [UInt8] = []
        let open = UInt8(ascii: "{")
        let close = UInt8(ascii: "}")
        while let brace = rest.firstIndex(of: open) {
            result += rest[..<brace]
            rest = rest[brace...]
            let name = rest.dropFirst(2).prefix { $0 != close }
            if rest.dropFirst().first == open, let part = parts[String(decoding: name, as: UTF8.self)] {
                result += part.utf8
                rest = rest.dropFirst(name.count + 4)
            } else {
                result.append(open)
                rest = rest.dropFirst()
            }
        }
        result += rest
        return String(decoding: result, as: UTF8.self)
    }

    private var about: String {
        let counts = "\(snapshot.namespaces.count) namespaces, \(snapshot.processes.count) processes"
        if snapshot.isAnonymous { return counts }
        return "\(counts); Linux \(snapshot.kernel); \(HTMLPage.date(snapshot.time)); seen as user \(snapshot.uid)"
    }

    /// What could not be read is part of what was seen.
    private mutating func addUnreadable() {
        let count = snapshot.unreadable.count
        if count == 0 { return }
        html += "<details class=\"list\"><summary>\(count == 1 ? "1 thing" : "\(count) things") could not be read</summary>\n<ul>\n"
        for item in snapshot.unreadable { html += "<li>\(text("\(item.target): \(item.text)"))</li>\n" }
        html += "</ul>\n</details>\n"
    }

    /// `2026-11-24 12:48 UTC`. gmtime(3)
    private static func date(_ seconds: Double) -> String {
        var time = time_t(exactly: seconds.rounded(.down)) ?? 0
        var parts = tm()
        gmtime_r(&time, &parts)
        var text = [CChar](repeating: 0, count: 64)
        let count = strftime(&text, text.count, "%Y-%m-%d %H:%M UTC", &parts)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    // MARK: Boxes

    private mutating func add(box position: Int, isWide: Bool) {
        let namespace = snapshot.namespaces[position]
        let members = describing.members[position]
        let type = namespace.key.type
        html +=
            "<section class=\"box \(type.rawValue)\(isWide ? " wide" : "")\">\n<details><summary><b>\(text(describing.name(namespace.key)))</b>"
        for name in snapshot.nameTexts(of: namespace) { html += " \(text(name))" }
        html += " <span class=\"note\">\(namespace.isInitial ? "initial, " : "")\(count(members.count))</span></summary>\n"
        add(details: namespace)
        html += "</details>\n"
        // A user namespace lists all of its processes. Others do unless all the machine is in them; there they would come eight times.
        if type == .user || !namespace.isInitial { add(members, isLong: members.count > (type == .user ? 24 : 6)) }
        let boxes = inside[position]
        if !boxes.isEmpty {
            html += "<div class=\"inside\">\n"
            for box in boxes.filter({ inside[$0].isEmpty }) { add(box: box, isWide: snapshot.namespaces[box].key.type == .user) }
            for box in boxes.filter({ !inside[$0].isEmpty }) { add(box: box, isWide: true) }
            html += "</div>\n"
        }
        html += "</section>\n"
    }

    private func count(_ processes: Int) -> String {
        processes == 0 ? "no process" : processes == 1 ? "1 process" : "\(processes) processes"
    }

    private mutating func add(details namespace: Snapshot.Namespace) {
        var rows: [(name: String, value: String)] = []
        if let id = namespace.id { rows.append(("id", String(id))) }
        if let owner = namespace.owner { rows.append(("owner", describing.name(owner))) }
        if let parent = namespace.parent { rows.append(("parent", describing.name(parent))) }
        if let uid = namespace.ownerUid { rows.append(("made by", describing.user(uid))) }
        if let maps = describing.maps(namespace) { rows.append(("maps", maps)) }
        rows += (describing.holders(namespace) ?? []).map { ("held by", $0) }
        if namespace.isInitial { rows.append(("held by", "the kernel")) }
        add(rows)
    }

    private mutating func add(_ rows: [(name: String, value: String)]) {
        html += "<dl>" + rows.map { "<dt>\($0.name)</dt><dd>\(text($0.value))</dd>" }.joined() + "</dl>\n"
    }

    private mutating func add(_ processes: [Int], isLong: Bool) {
        if processes.isEmpty { return }
        if isLong { html += "<details class=\"list\"><summary>Processes</summary>\n" }
        html += "<ul>\n"
        for process in processes { add(process: process) }
        html += isLong ? "</ul>\n</details>\n" : "</ul>\n"
    }

    private mutating func add(process position: Int) {
        let process = snapshot.processes[position]
        html += "<li data-pid=\"\(process.pid)\"><details><summary>\(text(describing.name(process)))</summary>"
        var rows: [(name: String, value: String)] = []
        if let command = process.command { rows.append(("command", command)) }
        if process.innerPids.count > 1 {
            rows.append(("pids inside", process.innerPids.dropFirst().map { String($0) }.joined(separator: " ")))
        }
        if process.parent > 0 {
            rows.append(
                ("parent", snapshot.process(pid: process.parent).map { describing.name(snapshot.processes[$0]) } ?? String(process.parent)))
        }
        if !snapshot.isAnonymous { rows.append(("user", describing.user(process.uid))) }
        let seats = snapshot.seats(of: position).filter { $0 >= 0 && !snapshot.namespaces[Int($0)].isInitial }
        if !seats.isEmpty { rows.append(("in", seats.map { describing.name(snapshot.namespaces[Int($0)].key) }.joined(separator: " "))) }
        add(rows)
        html += "</details></li>\n"
    }

    private func text(_ text: String) -> String { HTMLPage.escaped(Describing.clean(text)) }

    /// Text for between tags, and for attributes: others have written it.
    static func escaped(_ text: String) -> String {
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "<"): result += "&lt;".utf8
            case UInt8(ascii: ">"): result += "&gt;".utf8
            case UInt8(ascii: "&"): result += "&amp;".utf8
            case UInt8(ascii: "\""): result += "&quot;".utf8
            case UInt8(ascii: "'"): result += "&#39;".utf8
            default: result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
