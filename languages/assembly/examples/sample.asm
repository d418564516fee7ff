; Linux on x86-64: rax says which system call, rdi, rsi and rdx hold its arguments.
        global  _start

        section .text
_start: mov     rsi, question
        mov     rdx, question.length
        call    print

        mov     rax, 0                  ; read(0, name, 100)
        mov     rdi, 0
        mov     rsi, name
        mov     rdx, 100
        syscall
        lea     r12, [rax - 1]          ; its length without the newline

        mov     rsi, greeting
        mov     rdx, greeting.length
        call    print
        mov     rsi, name
        mov     rdx, r12
        call    print
        mov     rsi, ending
        mov     rdx, ending.length
        call    print

        mov     rax, 60                 ; exit(0)
        mov     rdi, 0
        syscall

print:  mov     rax, 1                  ; write(1, rsi, rdx)
        mov     rdi, 1
        syscall
        ret

        section .rodata
question: db    "Your name? "
.length: equ    $ - question
greeting: db    "Hello, "
.length: equ    $ - greeting
ending: db      "!", 10
.length: equ    $ - ending

        section .bss
name:   resb    100
