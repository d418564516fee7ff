class Other {
    static String text() {
        return "from the other file";
    }
}
