import java.util.List;

public class Broken {
    static int twice(int number) {
        return number * 2;
    }

    public static void main(String[] arguments) {
        int number = "text";
        String text = twice(3);
        List<String> list = List.of(1, 2);
        twice("three");
        missing(undeclared);
        final int fixed = 1;
        fixed = 2;
        throw new Exception();
    }
}
