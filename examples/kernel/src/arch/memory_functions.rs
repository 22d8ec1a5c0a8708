//! `memcpy`, `memmove`, `memset`, `memcmp` and `bcmp`: compiled code calls them, and the prebuilt `compiler_builtins`
//! does not have them.
//!
//! They are written in assembly, since the compiler would turn loops in Rust into calls of these same functions. They
//! rely on a clear direction flag. Each has unwind information, since a fault may happen inside, and a thread may be
//! cut there.

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
        // Copies upwards unless `to` lies inside the source: there a copy upwards would overwrite bytes that are
        // still to be read. The distance is compared as an unsigned number, so a `to` below the source counts as far
        // away.
        "mov rax, rdi",
        "sub rax, rsi",
        "cmp rax, rdx",
        "jae {memcpy}",
        "mov rax, rdi",
        // Copies downwards, eight bytes at a time. A word is read before any of its bytes is written.
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

/// Compares bytes as unsigned numbers. The first difference decides whether the result is negative or positive; it is
/// zero if all bytes are equal.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, count: usize) -> i32 {
    naked_asm!(
        ".cfi_startproc",
        // Skips equal words, then finds the byte that differs.
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

/// Compares bytes. The result is zero if all bytes are equal.
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
