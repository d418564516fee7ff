import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigInteger;
import java.util.*;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A bit of everything that programs use: what the virtual machine loads to compile and to run it
 * goes into the caches of the image, and starts faster for everyone.
 */
public class Typical {
    sealed interface Shape permits Circle, Rectangle {
        double area();
    }

    record Circle(double radius) implements Shape {
        public double area() {
            return Math.PI * radius * radius;
        }
    }

    record Rectangle(double width, double height) implements Shape {
        Rectangle {
            if (width < 0 || height < 0) {
                throw new IllegalArgumentException("negative side: " + width + ", " + height);
            }
        }

        public double area() {
            return width * height;
        }
    }

    enum Level {
        LOW, HIGH;

        Level other() {
            return this == LOW ? HIGH : LOW;
        }
    }

    static abstract class Account {
        private static int count = 0;
        protected long balance;
        final String owner;

        Account(String owner) {
            this.owner = Objects.requireNonNull(owner);
            count++;
        }

        abstract double interest();

        void withdraw(long amount) throws InsufficientFunds {
            if (amount > balance) {
                throw new InsufficientFunds(amount - balance);
            }
            balance -= amount;
        }

        @Override
        public String toString() {
            return String.format("%s: %,d (%.1f%%)", owner, balance, interest() * 100);
        }
    }

    static class Savings extends Account implements Comparable<Account> {
        Savings(String owner, long balance) {
            super(owner);
            this.balance = balance;
        }

        @Override
        double interest() {
            return 0.015;
        }

        @Override
        public int compareTo(Account other) {
            return Long.compare(balance, other.balance);
        }
    }

    static class InsufficientFunds extends Exception {
        InsufficientFunds(long missing) {
            super("missing " + missing);
        }
    }

    static class Node<T extends Comparable<T>> {
        T value;
        Node<T> left, right;

        Node(T value) {
            this.value = value;
        }

        void insert(T other) {
            if (other.compareTo(value) < 0) {
                if (left == null) left = new Node<>(other);
                else left.insert(other);
            } else if (right == null) {
                right = new Node<>(other);
            } else {
                right.insert(other);
            }
        }

        int depth() {
            return 1 + Math.max(left == null ? 0 : left.depth(), right == null ? 0 : right.depth());
        }
    }

    static String describe(Object thing) {
        return switch (thing) {
            case null -> "nothing";
            case Circle circle when circle.radius() > 10 -> "a large circle";
            case Circle circle -> "a circle of " + circle.radius();
            case Rectangle(double width, double height) -> "a rectangle " + width + "x" + height;
            case String text -> "text of " + text.length();
            default -> thing.getClass().getSimpleName();
        };
    }

    static long fibonacci(int n, Map<Integer, Long> known) {
        if (n < 2) return n;
        if (known.containsKey(n)) return known.get(n);
        long result = fibonacci(n - 1, known) + fibonacci(n - 2, known);
        known.put(n, result);
        return result;
    }

    static int sum(int... numbers) {
        int total = 0;
        for (int number : numbers) total += number;
        return total;
    }

    static void collections() {
        List<Integer> numbers = new ArrayList<>(List.of(5, 3, 8, 1));
        Collections.sort(numbers);
        numbers.sort(Comparator.reverseOrder());
        numbers.removeIf(number -> number > 6);
        Map<String, Integer> counts = new HashMap<>();
        for (String word : "the quick brown the lazy the".split(" ")) {
            counts.merge(word, 1, Integer::sum);
        }
        for (Map.Entry<String, Integer> entry : counts.entrySet()) {
            System.out.println(entry.getKey() + " = " + entry.getValue());
        }
        Map<Boolean, List<Integer>> sorted = new TreeMap<>();
        for (int number : numbers) {
            sorted.computeIfAbsent(number % 2 == 0, key -> new ArrayList<>()).add(number);
        }
        Deque<Integer> stack = new ArrayDeque<>(numbers);
        stack.push(9);
        Queue<int[]> queue = new PriorityQueue<>((a, b) -> a[0] - b[0]);
        queue.add(new int[] {2, 1});
        queue.offer(new int[] {1, 2});
        Set<String> seen = new LinkedHashSet<>(Arrays.asList("b", "a"));
        Set<Integer> unique = new HashSet<>(numbers);
        List<String> linked = new LinkedList<>(seen);
        Iterator<String> iterator = linked.iterator();
        while (iterator.hasNext()) {
            if (iterator.next().equals("a")) iterator.remove();
        }
        System.out.println(sorted + " " + stack + " " + queue.poll()[0] + seen + linked + unique);
        int[][] grid = new int[3][4];
        for (int[] row : grid) Arrays.fill(row, 7);
        System.out.println(Arrays.deepToString(grid) + Arrays.toString(new double[] {1.5, 2}));
        Integer[] boxes = {3, 1, 2};
        Arrays.sort(boxes, Collections.reverseOrder());
        System.out.println(Collections.max(Arrays.asList(boxes)) + new TreeSet<>(unique).first());
    }

    static void streams() {
        List<String> names = List.of("Ada", "Grace", "Barbara", "Alan");
        System.out.println(names.stream().filter(name -> name.startsWith("A"))
                .map(String::toUpperCase).sorted().collect(Collectors.toList()));
        System.out.println(names.stream()
                .collect(Collectors.groupingBy(String::length, Collectors.counting())));
        System.out.println(IntStream.rangeClosed(1, 5).mapToObj(i -> "n" + i)
                .collect(Collectors.joining(", ", "[", "]")));
        System.out.println(names.stream().mapToInt(String::length).summaryStatistics());
        System.out.println(Stream.iterate(1, x -> x * 2).limit(8).reduce(0, Integer::sum));
        System.out.println(Stream.of(new Circle(1), new Rectangle(2, 3))
                .sorted(Comparator.comparingDouble(Shape::area).reversed()).toList());
        Optional<String> longest = names.stream().max(Comparator.comparing(String::length));
        System.out.println(longest.map(name -> name + "!").orElse("none"));
        Function<Integer, Function<Integer, Integer>> add = a -> b -> a + b;
        BiFunction<Integer, Integer, Integer> multiply = (a, b) -> a * b;
        Predicate<String> empty = String::isEmpty;
        Supplier<List<String>> fresh = ArrayList::new;
        System.out.println(add.apply(1).apply(multiply.apply(2, 3)) + " "
                + empty.negate().test("") + fresh.get());
        names.forEach(System.out::println);
    }

    static void text() {
        StringBuilder builder = new StringBuilder();
        for (char c = 'a'; c < 'f'; c++) builder.append(c).append(',');
        builder.setLength(builder.length() - 1);
        builder.insert(0, 42).reverse();
        String block = """
                Dear %s,
                  you owe us %.2f.
                """.formatted("Ada", 1234.5);
        System.out.print(block + builder);
        System.out.println(" a b ".trim().repeat(2).replace('a', 'x').toUpperCase().charAt(0));
        System.out.printf("%5d|%-5s|%05.1f|%x|%b|%c%n", 42, "ab", 3.14159, 255, true, 'z');
        System.out.println(String.join("-", List.of("a", "b")) + "abc".substring(1).indexOf("c"));
        System.out.println("a1b22".replaceAll("[0-9]+", "#") + "x".matches("[a-z]"));
        System.out.println(Integer.parseInt("42") + Double.parseDouble("1.5") + Long.MAX_VALUE);
        System.out.println(Integer.toBinaryString(10) + Integer.valueOf(7).hashCode());
        System.out.println(BigInteger.TWO.pow(100).mod(BigInteger.valueOf(97)));
        System.out.println(Character.isDigit('7') + " " + (char) ('a' + 1) + Math.sqrt(2.0));
    }

    static void failures() {
        try {
            int[] few = new int[2];
            few[2] = 1;
        } catch (ArrayIndexOutOfBoundsException e) {
            System.out.println("caught " + e.getMessage());
        }
        try {
            Object text = null;
            text.toString();
        } catch (NullPointerException e) {
            e.printStackTrace(System.out);
        } finally {
            System.out.println("finally");
        }
        try {
            Integer.parseInt("x");
        } catch (NumberFormatException | IllegalStateException e) {
            System.out.println(e);
        }
        try {
            new Savings("Ada", 10).withdraw(11);
        } catch (InsufficientFunds e) {
            throw new IllegalStateException("no money", e);
        }
    }

    static void threads() throws Exception {
        AtomicInteger counter = new AtomicInteger();
        Map<String, Integer> shared = new ConcurrentHashMap<>();
        Thread thread = new Thread(() -> shared.put("thread", counter.incrementAndGet()));
        thread.start();
        thread.join();
        ExecutorService pool = Executors.newFixedThreadPool(2);
        Future<Integer> future = pool.submit(() -> counter.addAndGet(sum(1, 2, 3)));
        System.out.println(future.get() + " " + shared);
        pool.shutdown();
        synchronized (Typical.class) {
            Thread.sleep(1);
        }
    }

    static void input() throws IOException {
        Scanner scanner = new Scanner("3 4.5 word\nthe rest\n");
        System.out.println(scanner.nextInt() + scanner.nextDouble() + scanner.next());
        scanner.nextLine();
        while (scanner.hasNextLine()) System.out.println(scanner.nextLine());
        BufferedReader reader = new BufferedReader(new InputStreamReader(System.in));
        StringTokenizer tokens = new StringTokenizer(reader.readLine());
        int total = 0;
        while (tokens.hasMoreTokens()) total += Integer.parseInt(tokens.nextToken());
        String line;
        while ((line = reader.readLine()) != null) total += line.length();
        System.out.println("total " + total);
    }

    public static void main(String[] args) throws Exception {
        System.out.println("Hello, world!");
        input();
        collections();
        streams();
        text();
        threads();
        Node<Integer> root = new Node<>(5);
        Random random = new Random(1);
        for (int i = 0; i < 20; i++) root.insert(random.nextInt(100));
        Level level = Level.valueOf("LOW");
        switch (level.other()) {
            case HIGH -> System.out.println(root.depth() + " " + Level.values().length);
            case LOW -> throw new AssertionError();
        }
        for (Object thing : new Object[] {new Circle(2), new Rectangle(1, 2), "text", 1, null}) {
            System.out.println(describe(thing));
        }
        System.out.println(new Circle(1).equals(new Circle(1)) + " " + new Savings("Ada", 1_000));
        Runnable greeting = new Runnable() {
            @Override
            public void run() {
                System.out.println(fibonacci(50, new HashMap<>()));
            }
        };
        greeting.run();
        long start = System.nanoTime();
        label:
        for (int i = 0; ; i++) {
            do {
                if (i > 10) break label;
            } while (i < 0);
        }
        System.out.println(System.nanoTime() - start > 0 ? "time passes" : "it does not");
        IO.println("done");
        failures();
    }
}
