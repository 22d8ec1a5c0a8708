//! The entry code, from the PVH loader to 64-bit Rust.
//!
//! The loader (x86/HVM direct boot ABI, `xen/include/public/arch-x86/hvm/start_info.h`) enters in 32-bit protected
//! mode without paging, with the physical address of its start info in `ebx`. The trampoline runs at its load
//! address, below 4 GiB. It maps physical memory at three places: the first 4 GiB at address zero, where the
//! trampoline runs when it switches paging on, the first 4 GiB in the direct map, and the first 1 GiB at the kernel's
//! link address.

use core::arch::global_asm;

use crate::mm::layout::{DIRECT_MAP, KERNEL_BASE};

/// Returns the index of `address` into the top-level table.
const fn pml4_index(address: u64) -> usize {
    (address >> 39) as usize & 511
}

/// Returns the index of `address` into a third-level table.
const fn pdpt_index(address: u64) -> usize {
    (address >> 30) as usize & 511
}

global_asm!(
    r#"
    .section .note.pvh, "a", @note
    .balign 4
    .long 4                 // name size
    .long 8                 // descriptor size
    .long 18                // XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .quad pvh_entry

    .section .boot.text, "ax", @progbits
    .code32
    .globl pvh_entry
    .type pvh_entry, @function
pvh_entry:
    cld
    cli
    mov esp, offset boot_stack_top
    mov ebp, ebx            // cpuid overwrites ebx

    // The kernel needs long mode and no-execute.
    mov eax, 0x80000000
    cpuid
    cmp eax, 0x80000001
    jb 9f
    mov eax, 0x80000001
    cpuid
    bt edx, 29
    jnc 9f
    bt edx, 20
    jnc 9f

    // 4 GiB in 2 MiB pages: present, writable, page size.
    mov edi, offset boot_directories
    mov eax, 0x83
    mov ecx, 2048
2:  mov [edi], eax
    mov dword ptr [edi + 4], 0
    add eax, 0x200000
    add edi, 8
    loop 2b

    // The table for address zero and the direct map refers to all four page directories; the table for the kernel's
    // link address refers to the first of them.
    mov edi, offset boot_pdpt_low
    mov eax, offset boot_directories + 3
    mov ecx, 4
3:  mov [edi], eax
    add eax, 0x1000
    add edi, 8
    loop 3b
    mov eax, offset boot_directories + 3
    mov [boot_pdpt_high + 8 * {kernel_pdpt}], eax

    mov eax, offset boot_pdpt_low + 3
    mov [boot_pml4], eax
    mov [boot_pml4 + 8 * {direct_pml4}], eax
    mov eax, offset boot_pdpt_high + 3
    mov [boot_pml4 + 8 * {kernel_pml4}], eax

    mov eax, offset boot_pml4
    mov cr3, eax
    mov eax, cr4
    or eax, 0x620           // PAE, OSFXSR, OSXMMEXCPT
    mov cr4, eax
    mov ecx, 0xc0000080     // EFER
    rdmsr
    or eax, 0x900           // LME, NXE
    wrmsr
    mov eax, cr0
    and eax, 0xfffffff3     // no EM, no TS
    or eax, 0x80010022      // PG, WP, NE, MP
    mov cr0, eax

    lgdt [boot_gdt_pointer]
    // A far return, because assemblers differ in the syntax of a far jump.
    push 0x08
    mov eax, offset boot_long_mode
    push eax
    retf

    // The machine cannot run this kernel. The code below reports failure to the debug exit device, and halts if there
    // is none.
9:  mov eax, 0x11
    out 0xf4, al
8:  cli
    hlt
    jmp 8b

    .code64
boot_long_mode:
    xor eax, eax
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov fs, eax
    mov gs, eax
    mov edi, ebp
    movabs rax, offset kernel_entry
    jmp rax
    .size pvh_entry, . - pvh_entry

    .section .boot.data, "aw", @progbits
    .balign 8
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff // 64-bit code
boot_gdt_pointer:
    .word boot_gdt_pointer - boot_gdt - 1
    .long boot_gdt

    .section .boot.bss, "aw", @nobits
    .balign 0x1000
boot_pml4:        .skip 0x1000
boot_pdpt_low:    .skip 0x1000
boot_pdpt_high:   .skip 0x1000
boot_directories: .skip 0x4000
boot_stack:       .skip 0x100
boot_stack_top:

    // The first code at the kernel's link address. The zero return address ends every walk up the stack.
    .section .text.kernel_entry, "ax", @progbits
    .globl kernel_entry
    .type kernel_entry, @function
kernel_entry:
    .cfi_startproc
    lea rsp, [rip + {stack} + {stack_size}]
    xor ebp, ebp
    push 0
    jmp {main}
    .cfi_endproc
    .size kernel_entry, . - kernel_entry

    .text
    "#,
    direct_pml4 = const pml4_index(DIRECT_MAP),
    kernel_pml4 = const pml4_index(KERNEL_BASE),
    kernel_pdpt = const pdpt_index(KERNEL_BASE),
    stack = sym crate::mm::stack::MAIN,
    stack_size = const size_of::<crate::mm::stack::MainStack>(),
    main = sym crate::kernel_main,
);
