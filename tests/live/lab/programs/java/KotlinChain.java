import aws.sdk.kotlin.runtime.auth.credentials.DefaultChainCredentialsProvider;
import aws.smithy.kotlin.runtime.auth.awscredentials.Credentials;
import aws.smithy.kotlin.runtime.collections.AttributesKt;
import kotlin.coroutines.EmptyCoroutineContext;
import kotlinx.coroutines.BuildersKt;

/** Prints what the default chain of the AWS SDK for Kotlin ends as. Java can call a suspending function, so no Kotlin compiler is needed. */
public class KotlinChain {
    public static void main(String[] arguments) {
        try {
            Credentials credentials = (Credentials) BuildersKt.runBlocking(
                EmptyCoroutineContext.INSTANCE,
                (scope, then) -> new DefaultChainCredentialsProvider().resolve(AttributesKt.emptyAttributes(), then));
            Say.key(credentials.getAccessKeyId());
        } catch (Throwable error) {
            Say.error(error);
        }
        System.exit(0);
    }
}
