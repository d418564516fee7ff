        global  _start
        extern  greet                   ; in other.asm

        section .text
_start: call    greet
        mov     eax, 60
        xor     edi, edi
        syscall
