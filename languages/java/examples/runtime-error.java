import java.util.List;

public class Main {
    public static void main(String[] args) {
        System.out.println("before");
        List<Integer> numbers = List.of(1, 2, 3);
        System.out.println(numbers.get(3)); // fails here
    }
}
