import java.io.IOException;

public class Main {
    public static void main(String[] args) throws IOException {
        long count = 0;
        byte[] buffer = new byte[8192];
        int read;
        while ((read = System.in.read(buffer)) != -1) {
            count += read;
        }
        System.out.println(count);
    }
}
