"""The page: a private bucket behind CloudFront, with the headers that a strict page sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk.aws_certificatemanager import Certificate
from aws_cdk.aws_cloudfront import (
    AllowedMethods,
    BehaviorOptions,
    CachePolicy,
    Distribution,
    ErrorResponse,
    HeadersFrameOption,
    HeadersReferrerPolicy,
    HttpVersion,
    OriginRequestPolicy,
    PriceClass,
    ResponseCustomHeader,
    ResponseCustomHeadersBehavior,
    ResponseHeadersContentSecurityPolicy,
    ResponseHeadersContentTypeOptions,
    ResponseHeadersFrameOptions,
    ResponseHeadersPolicy,
    ResponseHeadersReferrerPolicy,
    ResponseHeadersStrictTransportSecurity,
    ResponseSecurityHeadersBehavior,
    SecurityPolicyProtocol,
    ViewerProtocolPolicy,
)
from aws_cdk.aws_cloudfront_origins import HttpOrigin, S3BucketOrigin
from aws_cdk.aws_s3 import BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership
from constructs import Construct

from cdk.acknowledgement import acknowledge

# CloudFront keeps an error for 10 s unless told otherwise, and its cache key for /history
# holds no identity: one person's 403 or 500 would be shown to the next.
UNCACHED_ERRORS = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)
# What the page never asks a browser for.
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def content_security_policy(connect_sources: Sequence[str]) -> str:
    """The page's policy; `connect_sources` are origins besides its own."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            " ".join(("connect-src 'self'", *connect_sources)),
            "img-src 'self' data:",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


@dataclass(frozen=True)
class Domain:
    """A name of one's own for the page; whoever owns it points it at the distribution."""

    name: str
    certificate_arn: str


class Web(Construct):
    """Exposes `bucket` and `distribution`; who fills the bucket depends on the target."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        history: HttpOrigin,
        connect_sources: Sequence[str],
        bucket_needs_tls: bool,
        bucket_needs_emptying: bool,
        domain: Domain | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._domain = domain
        self.bucket = Bucket(
            self,
            "Bucket",
            block_public_access=BlockPublicAccess.BLOCK_ALL,
            encryption=BucketEncryption.S3_MANAGED,
            enforce_ssl=bucket_needs_tls,
            object_ownership=ObjectOwnership.BUCKET_OWNER_ENFORCED,
            # All of it is made from html/ at each deployment.
            removal_policy=RemovalPolicy.DESTROY,
            auto_delete_objects=bucket_needs_emptying,
        )
        headers = self._headers_policy(connect_sources)
        self.distribution = Distribution(
            self,
            "Distribution",
            comment=Stack.of(self).stack_name,
            default_root_object="index.html",
            **self._domain_properties(),
            http_version=HttpVersion.HTTP2_AND_3,
            price_class=PriceClass.PRICE_CLASS_200,
            default_behavior=BehaviorOptions(
                origin=S3BucketOrigin.with_origin_access_control(self.bucket),
                cache_policy=self._cache_policy(),
                compress=True,
                response_headers_policy=headers,
                viewer_protocol_policy=ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            ),
            additional_behaviors={
                "/history*": BehaviorOptions(
                    origin=history,
                    allowed_methods=AllowedMethods.ALLOW_ALL,
                    cache_policy=CachePolicy.CACHING_DISABLED,
                    compress=True,
                    # Hands Authorization on; the Host header has to be API Gateway's own.
                    origin_request_policy=OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
                    response_headers_policy=headers,
                    viewer_protocol_policy=ViewerProtocolPolicy.HTTPS_ONLY,
                )
            },
            error_responses=[
                ErrorResponse(http_status=status, ttl=Duration.seconds(0))
                for status in UNCACHED_ERRORS
            ],
        )
        acknowledge(self.bucket, S1="Only CloudFront can read it, and what it holds is public")
        acknowledge(
            self.distribution,
            CFR1="People who write Korean live in every country",
            CFR2="A web ACL costs money while idle; the page is static, the APIs are throttled",
            CFR3="People's addresses would be kept for no use that we have",
        )
        if not domain:
            acknowledge(
                self.distribution,
                CFR4="CloudFront's own domain comes with its own TLS policy; the setting "
                "domain_name brings TLS 1.2, and browsers of today speak nothing older",
            )

    @property
    def page_url(self) -> str:
        """Return the page's URL without a path, which is also its origin."""
        if self._domain:
            return f"https://{self._domain.name}"
        return f"https://{self.distribution.distribution_domain_name}"

    def _domain_properties(self) -> dict[str, Any]:
        if not self._domain:
            return {}
        certificate = Certificate.from_certificate_arn(
            self, "Certificate", self._domain.certificate_arn
        )
        return {
            "domain_names": [self._domain.name],
            "certificate": certificate,
            "minimum_protocol_version": SecurityPolicyProtocol.TLS_V1_2_2021,
        }

    def _cache_policy(self) -> CachePolicy:
        """Each object's Cache-Control decides: the managed policy would keep all for a second."""
        return CachePolicy(
            self,
            "CachePolicy",
            min_ttl=Duration.seconds(0),
            default_ttl=Duration.seconds(0),
            max_ttl=Duration.days(365),
            enable_accept_encoding_brotli=True,
            enable_accept_encoding_gzip=True,
        )

    def _headers_policy(self, connect_sources: Sequence[str]) -> ResponseHeadersPolicy:
        return ResponseHeadersPolicy(
            self,
            "Headers",
            security_headers_behavior=ResponseSecurityHeadersBehavior(
                content_security_policy=ResponseHeadersContentSecurityPolicy(
                    content_security_policy=content_security_policy(connect_sources), override=True
                ),
                content_type_options=ResponseHeadersContentTypeOptions(override=True),
                frame_options=ResponseHeadersFrameOptions(
                    frame_option=HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=ResponseHeadersReferrerPolicy(
                    referrer_policy=HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(365),
                    include_subdomains=True,
                    override=True,
                ),
            ),
            custom_headers_behavior=ResponseCustomHeadersBehavior(
                custom_headers=[
                    _custom("Cross-Origin-Opener-Policy", "same-origin"),
                    _custom("Cross-Origin-Resource-Policy", "same-origin"),
                    _custom("Permissions-Policy", PERMISSIONS_POLICY),
                ]
            ),
        )


def _custom(header: str, value: str) -> ResponseCustomHeader:
    return ResponseCustomHeader(header=header, value=value, override=True)
