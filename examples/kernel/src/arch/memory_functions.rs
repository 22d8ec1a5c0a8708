//! `memcpy`, `memmove`, `memset`, `memcmp` and `bcmp`: compiled code calls them, the prebuilt
//! `compiler_builtins` lacks them.
//!
//! In assembly, since written in Rust they would be compiled into calls of themselves. The
//! direction flag stays clear throughout. Each carries unwind information: a fault or a cut may
//! strike inside.

use core::arch::naked_asm;

/// Copies `count` bytes upwards; the regions do not overlap.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    naked_asm!(
        ".cfi_startproc",
        "mov rax, rdi",
        "mov rcx, rdx",
        "shr rcx, 3",
        "rep movsq",
        "mov ecx, edx",
        "and ecx, 7",
        "rep movsb",
        "ret",
        ".cfi_endproc",
    )
}

/// Copies `count` bytes; the regions may overlap.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    naked_asm!(
        ".cfi_startproc",
        // Upwards unless `to` lies inside the source (as an unsigned distance), where that would
        // overwrite it unread.
        "mov rax, rdi",
        "sub rax, rsi",
        "cmp rax, rdx",
        "jae {memcpy}",
        "mov rax, rdi",
        // Downwards, eight bytes at a time. A word is read before any of its bytes is written.
        "2: cmp rdx, 8",
        "jb 3f",
        "mov rcx, [rsi + rdx - 8]",
        "mov [rdi + rdx - 8], rcx",
        "sub rdx, 8",
        "jmp 2b",
        "3: test rdx, rdx",
        "jz 4f",
        "mov cl, [rsi + rdx - 1]",
        "mov [rdi + rdx - 1], cl",
        "dec rdx",
        "jmp 3b",
        "4: ret",
        ".cfi_endproc",
        memcpy = sym memcpy,
    )
}

/// Fills `count` bytes with the low byte of `value`.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, value: i32, count: usize) -> *mut u8 {
    naked_asm!(
        ".cfi_startproc",
        "mov r8, rdi",
        "movzx eax, sil",
        "movabs rcx, 0x0101010101010101",
        "imul rax, rcx",
        "mov rcx, rdx",
        "shr rcx, 3",
        "rep stosq",
        "mov ecx, edx",
        "and ecx, 7",
        "rep stosb",
        "mov rax, r8",
        "ret",
        ".cfi_endproc",
    )
}

/// Compares bytes: negative, zero or positive as the first difference says.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, count: usize) -> i32 {
    naked_asm!(
        ".cfi_startproc",
        // Skip equal words, then find the byte.
        "2: cmp rdx, 8",
        "jb 3f",
        "mov rax, [rdi]",
        "cmp rax, [rsi]",
        "jne 3f",
        "add rdi, 8",
        "add rsi, 8",
        "sub rdx, 8",
        "jmp 2b",
        "3: test rdx, rdx",
        "jz 4f",
        "movzx eax, byte ptr [rdi]",
        "movzx ecx, byte ptr [rsi]",
        "sub eax, ecx",
        "jne 5f",
        "inc rdi",
        "inc rsi",
        "dec rdx",
        "jmp 3b",
        "4: xor eax, eax",
        "5: ret",
        ".cfi_endproc",
    )
}

/// Compares bytes: zero if they are equal.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, count: usize) -> i32 {
    naked_asm!(
        ".cfi_startproc",
        "jmp {memcmp}",
        ".cfi_endproc",
        memcmp = sym memcmp,
    )
}
