        global  _start

        section .text
_start: mov     eax, 1
        mov     edi, 1
        mov     rsi, message
        mov     edx, length
        syscall
.turn:  jmp     .turn

        section .rodata
message: db     "looping", 10
length: equ     $ - message
