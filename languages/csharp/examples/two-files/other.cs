static class Other
{
    public static string Message() => "from the other file";
}
