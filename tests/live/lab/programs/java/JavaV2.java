import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;

/** Prints what the default chain of the AWS SDK for Java 2 ends as. */
public class JavaV2 {
    public static void main(String[] arguments) {
        try {
            Say.key(DefaultCredentialsProvider.create().resolveCredentials().accessKeyId());
        } catch (Throwable error) {
            Say.error(error);
        }
        System.exit(0);
    }
}
