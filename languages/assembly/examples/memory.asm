        global  _start

size:   equ     4 << 20

        section .text
_start: mov     eax, 9                  ; mmap(0, size, read and write, private and anonymous)
        xor     edi, edi
        mov     esi, size
        mov     edx, 3
        mov     r10d, 0x22
        mov     r8, -1
        xor     r9d, r9d
        syscall

        mov     rdi, rax                ; memory counts once it is written to
        mov     ecx, size
        mov     al, 1
        rep stosb
        jmp     _start
