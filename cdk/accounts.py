"""User accounts for `auth: cognito`: the user pool, its hosted sign-in, the page's client."""

from collections.abc import Sequence

from aws_cdk import Aws, Duration, Fn, RemovalPolicy, Stack
from aws_cdk.aws_cognito import (
    AccountRecovery,
    AuthFlow,
    AutoVerifiedAttrs,
    CfnManagedLoginBranding,
    ClientAttributes,
    CognitoDomainOptions,
    FeaturePlan,
    IUserPool,
    KeepOriginalAttrs,
    ManagedLoginVersion,
    Mfa,
    MfaSecondFactor,
    OAuthFlows,
    OAuthScope,
    OAuthSettings,
    PasswordPolicy,
    SignInAliases,
    StandardAttribute,
    StandardAttributes,
    UserPool,
    UserPoolClient,
    UserPoolClientIdentityProvider,
    UserPoolDomain,
    UserPoolOperation,
    UserVerificationConfig,
)
from constructs import Construct

from cdk.acknowledgement import acknowledge
from cdk.python_function import PythonFunctions
from cdk.settings import Settings

# Where a sign-in by a program on the user's machine ends. Cognito compares the port, too.
LOOPBACK_URL = "http://localhost:8976/"

_MFA = {"off": Mfa.OFF, "optional": Mfa.OPTIONAL, "required": Mfa.REQUIRED}


class Accounts(Construct):
    """Exposes `pool`, `issuer` and the hosted sign-in's `domain`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        functions: PythonFunctions,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        has_mfa = settings.mfa != "off"
        self.pool = UserPool(
            self,
            "Pool",
            account_recovery=AccountRecovery.EMAIL_ONLY,
            auto_verify=AutoVerifiedAttrs(email=True),
            deletion_protection=removal_policy == RemovalPolicy.RETAIN,
            # Lite has neither a Korean sign-in page nor refresh token rotation.
            feature_plan=FeaturePlan.ESSENTIALS,
            keep_original=KeepOriginalAttrs(email=True),
            mfa=_MFA[settings.mfa],
            mfa_second_factor=MfaSecondFactor(otp=True, sms=False) if has_mfa else None,
            password_policy=PasswordPolicy(
                min_length=12,
                require_digits=True,
                require_lowercase=True,
                require_symbols=True,
                require_uppercase=True,
                temp_password_validity=Duration.days(7),
            ),
            removal_policy=removal_policy,
            self_sign_up_enabled=settings.self_sign_up,
            sign_in_aliases=SignInAliases(email=True),
            sign_in_case_sensitive=False,
            standard_attributes=StandardAttributes(
                email=StandardAttribute(required=True, mutable=True)
            ),
            user_verification=UserVerificationConfig(
                email_subject="서연 확인 번호 · Seoyeon verification code",
                email_body="확인 번호는 {####}이에요.<br>Your verification code is {####}.",
            ),
        )
        if settings.email_domains:
            self._add_pre_sign_up_trigger(functions, settings.email_domains)
        # The prefix is public and must be unique in the region; the stack's GUID does not reveal
        # the account id.
        stack_guid = Fn.select(2, Fn.split("/", Aws.STACK_ID))
        self.domain = UserPoolDomain(
            self,
            "Domain",
            user_pool=self.pool,
            cognito_domain=CognitoDomainOptions(domain_prefix=f"seoyeon-{stack_guid}"),
            managed_login_version=ManagedLoginVersion.NEWER_MANAGED_LOGIN,
        )
        self._acknowledge(settings.mfa)

    @property
    def issuer(self) -> str:
        """Return the `iss` claim of the pool's tokens."""
        region = Stack.of(self).region
        return f"https://cognito-idp.{region}.amazonaws.com/{self.pool.user_pool_id}"

    def _add_pre_sign_up_trigger(self, functions: PythonFunctions, domains: Sequence[str]) -> None:
        trigger = functions.add(
            self,
            "SignUp",
            code=functions.code("lambda-authorizer"),
            handler="sign_up_function.lambda_handler",
            description="Restricts who can sign up to the configured e-mail domains",
            environment={"EMAIL_DOMAINS": ",".join(domains)},
            memory_mb=256,
            # Cognito's limit for a trigger.
            timeout=Duration.seconds(5),
        )
        self.pool.add_trigger(UserPoolOperation.PRE_SIGN_UP, trigger)

    def _acknowledge(self, mfa: str) -> None:
        acknowledge(
            self.pool,
            COG3="Threat protection is billed for every active user without a free tier; Cognito "
            "locks out password guessing, and the accounts hold conversations only",
            COG8="The Plus plan adds threat protection only; see COG3",
        )
        if mfa != "required":
            acknowledge(
                self.pool,
                COG2="The setting mfa is the operator's choice; by default, each user can turn on "
                "a second factor",
            )


class PageClient(Construct):
    """The client of page and terminal in the user pool. Exposes `client_id`."""

    def __init__(
        self, scope: Construct, construct_id: str, *, pool: IUserPool, callback_url: str
    ) -> None:
        super().__init__(scope, construct_id)
        client = UserPoolClient(
            self,
            "Client",
            user_pool=pool,
            generate_secret=False,  # neither a browser nor a terminal can keep one
            o_auth=OAuthSettings(
                callback_urls=[callback_url, LOOPBACK_URL],
                flows=OAuthFlows(authorization_code_grant=True),
                logout_urls=[callback_url],
                scopes=[OAuthScope.OPENID, OAuthScope.EMAIL],
            ),
            # By default, Cognito allows REFRESH_TOKEN_AUTH, which excludes token rotation.
            auth_flows=AuthFlow(user_srp=True),
            supported_identity_providers=[UserPoolClientIdentityProvider.COGNITO],
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            access_token_validity=Duration.hours(1),
            id_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.days(30),
            # A client whose response was lost may repeat the refresh for this long.
            refresh_token_rotation_grace_period=Duration.seconds(60),
            read_attributes=ClientAttributes().with_standard_attributes(email=True),
            write_attributes=ClientAttributes().with_standard_attributes(email=True),
        )
        self.client_id = client.user_pool_client_id
        # Managed login is not available to a client without a branding.
        CfnManagedLoginBranding(
            self,
            "Branding",
            user_pool_id=pool.user_pool_id,
            client_id=self.client_id,
            use_cognito_provided_values=True,
        )
