public class Main {
    static int number = "text";

    public static void main(String[] args) {
        System.out.println(number);
    }
}
