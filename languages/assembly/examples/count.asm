; With the C library: printf writes the number.
        global  main
        extern  printf, read

        section .text
main:   push    rbx
        xor     ebx, ebx                ; the number of bytes
.more:  xor     edi, edi
        mov     rsi, buffer
        mov     rdx, 65536
        call    read
        test    rax, rax
        jle     .end
        add     rbx, rax
        jmp     .more

.end:   mov     rdi, format
        mov     rsi, rbx
        xor     eax, eax                ; no floating-point arguments
        call    printf
        xor     eax, eax
        pop     rbx
        ret

        section .rodata
format: db      "%ld", 10, 0

        section .bss
buffer: resb    65536
