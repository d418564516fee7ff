        global  _start

        section .text
_start: mov     eax, 1
        mov     edi, 1
        mov     rsi, lines
        mov     edx, length
        syscall
        jmp     _start

        section .rodata
lines:  times 100 db "0123456789", 10
length: equ     $ - lines
