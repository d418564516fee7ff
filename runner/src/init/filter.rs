//! The seccomp filter of every process of a stage (seccomp(2)), on top of the container's own profile.
//!
//! The profile lets the runner make worlds: namespaces, and mounts in them. What a stage runs may do neither, whether the
//! host permits worlds or not. The rest of this list is refused by the profile too, where there is one: not every
//! runtime has seccomp in a sandbox of its own.

use std::io;

use libc::{BPF_ABS, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_JSET, BPF_K, BPF_LD, BPF_RET, BPF_W};
use libc::{c_long, c_uint, sock_filter, sock_fprog};
use nix::sys::prctl;

/// `CLONE_NEW*` for cgroup, IPC, mount, network, PID, time, user and UTS (clone(2)).
const NEW_NAMESPACES: u32 = 0x7E02_0080;

/// One of the kernel's interfaces: how it is named in `struct seccomp_data`, and the numbers of its calls.
struct Interface {
    audit_architecture: u32,
    clone: u32,
    clone3: u32,
    refused: &'static [u32],
    /// Numbers from here on are another interface's, under the same name.
    end: Option<u32>,
}

/// `open_tree`, `move_mount`, `fsopen`, `fsconfig`, `fsmount`, `fspick`, `mount_setattr` and `open_tree_attr`, which have the
/// same numbers everywhere, as all calls from 424 on.
const NEW_MOUNT_CALLS: [u32; 8] = [428, 429, 430, 431, 432, 433, 442, 467];

const NATIVE_REFUSED: [u32; 15] = with_new_mount_calls([
    number(libc::SYS_chroot),
    number(libc::SYS_mount),
    number(libc::SYS_pivot_root),
    number(libc::SYS_ptrace),
    number(libc::SYS_setns),
    number(libc::SYS_umount2),
    number(libc::SYS_unshare),
]);

#[cfg(target_arch = "x86_64")]
const INTERFACES: [Interface; 2] = [
    Interface {
        // AUDIT_ARCH_X86_64 of linux/audit.h. Beyond is x32.
        audit_architecture: 0xC000_003E,
        clone: number(libc::SYS_clone),
        clone3: number(libc::SYS_clone3),
        refused: &NATIVE_REFUSED,
        end: Some(0x4000_0000),
    },
    Interface {
        // AUDIT_ARCH_I386, and its numbers: arch/x86/entry/syscalls/syscall_32.tbl. Its umount has none beside it.
        audit_architecture: 0x4000_0003,
        clone: 120,
        clone3: 435,
        refused: &with_new_mount_calls::<8, 16>([61, 21, 217, 26, 346, 52, 310, 22]),
        end: None,
    },
];

#[cfg(target_arch = "aarch64")]
const INTERFACES: [Interface; 1] = [Interface {
    // AUDIT_ARCH_AARCH64.
    audit_architecture: 0xC000_00B7,
    clone: number(libc::SYS_clone),
    clone3: number(libc::SYS_clone3),
    refused: &NATIVE_REFUSED,
    end: None,
}];

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "numbers of calls are small")]
const fn number(call: c_long) -> u32 {
    call as u32
}

const fn with_new_mount_calls<const N: usize, const M: usize>(calls: [u32; N]) -> [u32; M] {
    assert!(N + NEW_MOUNT_CALLS.len() == M, "one for each");
    let mut all = [0; M];
    let mut index = 0;
    while index < M {
        all[index] = if index < N { calls[index] } else { NEW_MOUNT_CALLS[index - N] };
        index += 1;
    }
    all
}

// Offsets in `struct seccomp_data` (linux/seccomp.h). Flags are in the lower half of the first argument.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const FIRST_ARGUMENT: u32 = 16;

/// Puts the filter on this process and all that it starts, for good. A kernel without seccomp has no profile that it
/// could be looser than, and is left alone.
pub(super) fn install() -> io::Result<()> {
    if !kernel_has_seccomp() {
        return Ok(());
    }
    // Without, the kernel takes a filter from privileged processes only.
    prctl::set_no_new_privs()?;
    let program = program();
    let length = u16::try_from(program.len()).map_err(io::Error::other)?;
    let program = sock_fprog { len: length, filter: program.as_ptr().cast_mut() };
    #[expect(unsafe_code, reason = "no safe wrapper of this prctl exists")]
    // SAFETY: the program outlives the call, which copies it (PR_SET_SECCOMP(2const)).
    match unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The program as the kernel takes it; nothing for a kernel without seccomp.
pub(super) fn bytes() -> Vec<u8> {
    let program = if kernel_has_seccomp() { program() } else { Vec::new() };
    let bytes = |sock_filter { code, jt, jf, k }: sock_filter| {
        let ([c0, c1], [k0, k1, k2, k3]) = (code.to_ne_bytes(), k.to_ne_bytes());
        [c0, c1, jt, jf, k0, k1, k2, k3]
    };
    program.into_iter().flat_map(bytes).collect()
}

fn kernel_has_seccomp() -> bool {
    #[expect(unsafe_code, reason = "no safe wrapper of this prctl exists")]
    // SAFETY: it takes no argument and changes nothing (PR_GET_SECCOMP(2const)).
    let mode = unsafe { libc::prctl(libc::PR_GET_SECCOMP) };
    mode >= 0
}

fn program() -> Vec<sock_filter> {
    let mut program = vec![load(ARCHITECTURE)];
    for interface in &INTERFACES {
        let body = body(interface);
        // Over the jump itself: a body ends with a return.
        program.extend(unless(BPF_JEQ, interface.audit_architecture, jump(body.len())));
        program.extend(body);
    }
    program.push(refuse(libc::EPERM));
    program
}

fn body(interface: &Interface) -> Vec<sock_filter> {
    let mut body = vec![load(NUMBER)];
    if let Some(end) = interface.end {
        body.extend(when(BPF_JGE, end, refuse(libc::EPERM)));
    }
    for number in interface.refused {
        body.extend(when(BPF_JEQ, *number, refuse(libc::EPERM)));
    }
    // Its flags are behind a pointer, out of a filter's reach: with this answer, libraries use clone instead.
    body.extend(when(BPF_JEQ, interface.clone3, refuse(libc::ENOSYS)));
    body.extend(unless(BPF_JEQ, interface.clone, allow()));
    body.push(load(FIRST_ARGUMENT));
    body.extend(when(BPF_JSET, NEW_NAMESPACES, refuse(libc::EPERM)));
    body.push(allow());
    body
}

const fn instruction(code: c_uint, k: u32) -> sock_filter {
    #[expect(clippy::cast_possible_truncation, reason = "codes of instructions have 16 bits")]
    sock_filter { code: code as u16, jt: 0, jf: 0, k }
}

const fn load(offset: u32) -> sock_filter {
    instruction(BPF_LD | BPF_W | BPF_ABS, offset)
}

const fn allow() -> sock_filter {
    instruction(BPF_RET | BPF_K, libc::SECCOMP_RET_ALLOW)
}

#[expect(clippy::cast_sign_loss, reason = "errors are positive numbers")]
const fn refuse(errno: i32) -> sock_filter {
    instruction(BPF_RET | BPF_K, libc::SECCOMP_RET_ERRNO | errno as u32)
}

fn jump(instructions: usize) -> sock_filter {
    instruction(BPF_JMP, u32::try_from(instructions).unwrap_or(u32::MAX))
}

/// Two instructions: the second is done where the condition holds.
const fn when(condition: c_uint, value: u32, then: sock_filter) -> [sock_filter; 2] {
    let test = instruction(BPF_JMP | BPF_K | condition, value);
    [sock_filter { jf: 1, ..test }, then]
}

/// Two instructions: the second is done where the condition does not hold.
const fn unless(condition: c_uint, value: u32, then: sock_filter) -> [sock_filter; 2] {
    let test = instruction(BPF_JMP | BPF_K | condition, value);
    [sock_filter { jt: 1, ..test }, then]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would answer: an errno, or 0 for a call that is let through.
    fn answer(architecture: u32, number: u32, first_argument: u32) -> u32 {
        let program = program();
        let mut accumulator = 0;
        let mut next = 0;
        loop {
            let sock_filter { code, jt, jf, k } = program[next];
            let code = c_uint::from(code);
            next += 1;
            let is_met = match code & !(BPF_JMP | BPF_K) {
                BPF_JEQ => accumulator == k,
                BPF_JGE => accumulator >= k,
                _ => accumulator & k != 0,
            };
            match code & 7 {
                BPF_LD => {
                    accumulator = match k {
                        NUMBER => number,
                        ARCHITECTURE => architecture,
                        _ => first_argument,
                    }
                }
                BPF_RET => return if k == libc::SECCOMP_RET_ALLOW { 0 } else { k & 0xffff },
                _ if code == BPF_JMP => next += k as usize,
                _ => next += usize::from(if is_met { jt } else { jf }),
            }
        }
    }

    #[test]
    fn namespaces_and_mounts_are_refused_by_every_interface_and_the_rest_is_let_through() {
        for interface in &INTERFACES {
            let ask = |number, argument| answer(interface.audit_architecture, number, argument);
            for number in interface.refused {
                assert_eq!(ask(*number, 0), libc::EPERM as u32, "{number}");
            }
            assert_eq!(ask(interface.clone3, 0), libc::ENOSYS as u32);
            assert_eq!(ask(interface.clone, libc::SIGCHLD as u32 | libc::CLONE_VM as u32), 0);
            for bit in 0..32 {
                let is_namespace = NEW_NAMESPACES & 1 << bit != 0;
                assert_eq!(ask(interface.clone, 1 << bit) == 1, is_namespace, "{bit}");
            }
            for number in (0..600).filter(|number| !interface.refused.contains(number)) {
                assert_eq!(ask(number, 0) == 0, number != interface.clone3, "{number}");
            }
            if let Some(end) = interface.end {
                assert_eq!(ask(end | 1, 0), libc::EPERM as u32);
            }
        }
        assert_eq!(answer(1, 1, 0), libc::EPERM as u32, "an interface that nobody knows");
    }
}
