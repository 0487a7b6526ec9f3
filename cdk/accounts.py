"""Accounts, for `auth: cognito`: a user pool, its hosted sign-in, and the page as its client."""

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

_MFA = {"off": Mfa.OFF, "optional": Mfa.OPTIONAL, "required": Mfa.REQUIRED}


class Accounts(Construct):
    """Exposes `pool`, `issuer` and `domain`, the hosted sign-in's."""

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
            # Lite has neither a sign-in in Korean nor refresh tokens that are used once.
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
            self._add_sign_up_check(functions, settings.email_domains)
        # In every address that people see at the sign-in: the stack's own id tells nobody the
        # account's, and no other stack of the region has it.
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
        """What a token of this pool says under `iss`."""
        region = Stack.of(self).region
        return f"https://cognito-idp.{region}.amazonaws.com/{self.pool.user_pool_id}"

    def _add_sign_up_check(self, functions: PythonFunctions, domains: Sequence[str]) -> None:
        check = functions.add(
            self,
            "SignUp",
            code=functions.code("lambda-authorizer"),
            handler="sign_up_function.lambda_handler",
            description="Lets addresses of some e-mail domains sign up, and no others",
            environment={"EMAIL_DOMAINS": ",".join(domains)},
            memory_mb=256,
            # Cognito waits no longer than that.
            timeout=Duration.seconds(5),
        )
        self.pool.add_trigger(UserPoolOperation.PRE_SIGN_UP, check)

    def _acknowledge(self, mfa: str) -> None:
        acknowledge(
            self.pool,
            COG3="Threat protection costs money for each person who signs in, with nothing free; "
            "guessing is slowed by Cognito's own lock-out, and conversations are no money",
            COG8="The Plus plan is threat protection, which COG3 is about",
        )
        if mfa != "required":
            acknowledge(
                self.pool,
                COG2="Whoever deploys chooses, by the setting mfa; a second factor is offered to "
                "all unless it is switched off",
            )


class PageClient(Construct):
    """The page as a client of the pool. Exposes `client_id`."""

    def __init__(
        self, scope: Construct, construct_id: str, *, pool: IUserPool, callback_url: str
    ) -> None:
        super().__init__(scope, construct_id)
        client = UserPoolClient(
            self,
            "Client",
            user_pool=pool,
            generate_secret=False,  # a page could not keep it
            o_auth=OAuthSettings(
                callback_urls=[callback_url],
                flows=OAuthFlows(authorization_code_grant=True),
                logout_urls=[callback_url],
                scopes=[OAuthScope.OPENID, OAuthScope.EMAIL],
            ),
            # Without any, Cognito allows refreshing by other ways, which rule out the rotation.
            auth_flows=AuthFlow(user_srp=True),
            supported_identity_providers=[UserPoolClientIdentityProvider.COGNITO],
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            access_token_validity=Duration.hours(1),
            id_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.days(30),
            # For an answer that was lost on its way; then a used refresh token is worth nothing.
            refresh_token_rotation_grace_period=Duration.seconds(60),
            read_attributes=ClientAttributes().with_standard_attributes(email=True),
            write_attributes=ClientAttributes().with_standard_attributes(email=True),
        )
        self.client_id = client.user_pool_client_id
        # Without a branding, the newer sign-in pages are not shown at all.
        CfnManagedLoginBranding(
            self,
            "Branding",
            user_pool_id=pool.user_pool_id,
            client_id=self.client_id,
            use_cognito_provided_values=True,
        )
