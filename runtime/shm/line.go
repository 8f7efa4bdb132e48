package shm

// Line is the distance in bytes that keeps two words from sharing what the
// hardware moves at once: two cache lines of 64 bytes, which Intel's prefetcher
// fetches in pairs, and one of arm64's longest.
const Line = 128
