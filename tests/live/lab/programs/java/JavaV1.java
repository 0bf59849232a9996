import com.amazonaws.auth.DefaultAWSCredentialsProviderChain;

/** Prints what the default chain of the AWS SDK for Java 1 ends as. */
public class JavaV1 {
    public static void main(String[] arguments) {
        try {
            Say.key(new DefaultAWSCredentialsProviderChain().getCredentials().getAWSAccessKeyId());
        } catch (Throwable error) {
            Say.error(error);
        }
        System.exit(0);
    }
}
