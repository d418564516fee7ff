import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        // Ask for a name, then read one line.
        System.out.print("Your name? ");
        Scanner input = new Scanner(System.in);
        String name = input.nextLine();

        System.out.println("Hello, " + name + "!");
    }
}
