        global  _start

        section .text
_start: xor     eax, eax                ; read(0, buffer, 4096)
        xor     edi, edi
        mov     rsi, buffer
        mov     rdx, 4096
        syscall
        test    rax, rax
        jle     .end                    ; 0 at the end of input

        mov     rdx, rax                ; write(1, buffer, what was read)
        mov     eax, 1
        mov     edi, 1
        syscall
        jmp     _start

.end:   mov     eax, 1
        mov     edi, 1
        mov     rsi, message
        mov     rdx, length
        syscall
        mov     eax, 60
        xor     edi, edi
        syscall

        section .rodata
message: db     "end of input", 10
length: equ     $ - message

        section .bss
buffer: resb    4096
