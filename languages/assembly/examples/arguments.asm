; At the start, the stack holds the number of arguments, their addresses, a zero,
; the addresses of the environment's NAME=VALUE texts, and a zero.
        global  _start

        section .text
_start: mov     rbx, [rsp]              ; how many, with the program's name
        lea     rbp, [rsp + 16]         ; the first after the name
.next:  dec     rbx
        jz      .environment
        mov     rsi, [rbp]
        call    print_line
        add     rbp, 8
        jmp     .next

.environment:
        add     rbp, 8                  ; past the zero
.look:  mov     rsi, [rbp]
        test    rsi, rsi
        jz      .end
        add     rbp, 8
        mov     rdi, name
        mov     rcx, name.length
        mov     rax, rsi
        repe cmpsb
        jne     .look
        call    print_line              ; rsi is at the value now

.end:   mov     eax, 60
        xor     edi, edi
        syscall

; Writes the text at rsi, which ends with a zero, and a newline.
print_line:
        xor     edx, edx
.length: cmp    byte [rsi + rdx], 0
        je      .write
        inc     rdx
        jmp     .length
.write: mov     eax, 1
        mov     edi, 1
        syscall
        mov     eax, 1
        mov     edi, 1
        mov     rsi, newline
        mov     edx, 1
        syscall
        ret

        section .rodata
name:   db      "GREETING="
.length: equ    $ - name
newline: db     10
