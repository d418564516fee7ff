var pieces: [[UInt8]] = []
while true {
    pieces.append([UInt8](repeating: 1, count: 4 * 1024 * 1024))
}
