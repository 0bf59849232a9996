/** One line of JSON on the standard output. */
final class Say {
    static void key(String key) {
        line("key", key);
    }

    static void error(Throwable error) {
        StringBuilder text = new StringBuilder();
        for (Throwable each = error; each != null && text.length() < 4000; each = each.getCause()) {
            text.append(each).append(" | ");
        }
        line("error", text.toString());
    }

    private static void line(String name, String value) {
        StringBuilder quoted = new StringBuilder();
        for (char c : value.toCharArray()) {
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' ') {
                quoted.append(' ');
            } else {
                quoted.append(c);
            }
        }
        System.out.println("{\"" + name + "\": \"" + quoted + "\"}");
    }
}
