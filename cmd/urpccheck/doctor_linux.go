package main

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"urpc/checker/command/console"
	"urpc/runtime/kernel"
)

// leastFiles is how many open files the runtime needs: a server with its default
// of 64 bindings holds up to six descriptors for each while they are made.
const leastFiles = 512

const forRuntime = "the runtime"

// machine tries each feature of the kernel that the runtime needs.
func machine() []finding {
	findings := []finding{
		note("affinity", "may run on %d of them", kernel.Processors()),
		note("kernel", "%s", release()),
	}
	memory, err := sealedMemory()
	findings = append(findings,
		feature("memfd and seals", forRuntime, "SHRINK, GROW, SEAL", memory),
		feature("FUTURE_WRITE seal", forRuntime, "later writable mappings are refused (Linux 5.1)", err))
	_, err = kernel.Real()
	findings = append(findings,
		feature("futex_waitv", forRuntime, "Linux 5.16", err),
		feature("pidfd", forRuntime, "the death of a peer is seen (Linux 5.3)", pidfd()),
		feature("SO_PEERCRED", forRuntime, "a socket names its peer", peerCredentials()))
	return append(findings, limits()...)
}

func release() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return err.Error()
	}
	return unix.ByteSliceToString(name.Sysname[:]) + " " + unix.ByteSliceToString(name.Release[:]) + " " + unix.ByteSliceToString(name.Machine[:])
}

// sealedMemory makes a memfd as the runtime does. The first error is of the memfd
// and its seals of size, the second of FUTURE_WRITE, which must refuse a writable
// mapping that comes after it.
func sealedMemory() (memory, futureWrite error) {
	fd, err := unix.MemfdCreate("urpccheck-doctor", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		err = fmt.Errorf("memfd_create: %w", err)
		return err, err
	}
	defer unix.Close(fd)
	if err := unix.Ftruncate(fd, int64(os.Getpagesize())); err != nil {
		err = fmt.Errorf("ftruncate: %w", err)
		return err, err
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW); err != nil {
		err = fmt.Errorf("sealing: %w", err)
		return err, err
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_FUTURE_WRITE|unix.F_SEAL_SEAL); err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	data, err := unix.Mmap(fd, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err == nil {
		return nil, errors.Join(errors.New("the seal is accepted and does not hold"), unix.Munmap(data))
	}
	return nil, nil
}

// pidfd asks whether this process itself is alive.
func pidfd() error {
	fd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return fmt.Errorf("pidfd_open: %w", err)
	}
	defer unix.Close(fd)
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if n, err := unix.Poll(fds, 0); err != nil || n != 0 {
		return fmt.Errorf("polling a living process: %d, %v", n, err)
	}
	return nil
}

func peerCredentials() error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socketpair: %w", err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	peer, err := unix.GetsockoptUcred(pair[0], unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return fmt.Errorf("getsockopt: %w", err)
	}
	if int(peer.Uid) != os.Geteuid() {
		return fmt.Errorf("it names user %d, this is %d", peer.Uid, os.Geteuid())
	}
	return nil
}

// limits looks at what the process may hold.
func limits() []finding {
	var files, locked unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files)
	if err == nil && files.Cur < leastFiles {
		err = fmt.Errorf("%s open files, want %d or more: ulimit -n %[2]d", limitText(files.Cur), leastFiles)
	}
	findings := []finding{feature("RLIMIT_NOFILE", forRuntime, limitText(files.Cur)+" open files", err)}
	// Regions are not locked in memory: MEMLOCK is told, and not demanded.
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &locked); err == nil {
		findings = append(findings, note("RLIMIT_MEMLOCK", "%s bytes; not needed", limitText(locked.Cur)))
	}
	return findings
}

func limitText(n uint64) string {
	if n == unix.RLIM_INFINITY {
		return "unlimited"
	}
	return console.Grouped(n)
}
