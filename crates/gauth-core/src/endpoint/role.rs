//! The endpoints that a file may name, by their role: host and path at Google and AWS. What is sent there is a secret, a
//! subject token or a signature, so the host is not enough: Google's hosts also serve what anybody uploads. Sources:
//! <https://accounts.google.com/.well-known/openid-configuration>, AIP-4117, and the discovery documents of the Security
//! Token Service and the IAM Credentials API.

use crate::iam_credentials::is_email;

/// The host of Google's authorization endpoint, which is also its issuer.
pub(crate) const ACCOUNTS_HOST: &str = "accounts.google.com";
/// The metadata server of a machine on Google Cloud.
pub const METADATA_HOST: &str = "metadata.google.internal";
/// The hosts at which AWS serves a machine's metadata.
const AWS_METADATA_HOSTS: [&str; 2] = ["169.254.169.254", "fd00:ec2::254"];

/// What an endpoint is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// RFC 6749 §3.2.
    Token,
    /// RFC 6749 §3.1.
    Authorization,
    /// RFC 7009.
    Revocation,
    /// RFC 8693.
    SecurityTokenService,
    /// A method of the IAM Credentials API for one service account.
    IamCredentials,
    /// Google's tokeninfo.
    TokenInfo,
    /// OpenID Connect Core §5.3.
    UserInfo,
    /// The signed request that proves the identity of a workload on AWS.
    AwsVerification,
    /// The instance metadata service of AWS, which receives its own session tokens only.
    AwsMetadata,
}

/// Every origin with every path. In braces: a region, a service account's e-mail address, or a path; one in an
/// origin, one in a path.
struct Group {
    origins: &'static [&'static str],
    paths: &'static [&'static str],
}

const TOKEN: &[Group] = &[
    Group { origins: &["https://oauth2.googleapis.com", "https://oauth2.mtls.googleapis.com"], paths: &["/token"] },
    Group { origins: &["https://accounts.google.com"], paths: &["/o/oauth2/token"] },
    Group { origins: &["https://www.googleapis.com"], paths: &["/oauth2/v3/token", "/oauth2/v4/token"] },
];

const AUTHORIZATION: &[Group] =
    &[Group { origins: &["https://accounts.google.com"], paths: &["/o/oauth2/v2/auth", "/o/oauth2/auth"] }];

const REVOCATION: &[Group] = &[
    Group { origins: &["https://oauth2.googleapis.com"], paths: &["/revoke"] },
    Group { origins: &["https://accounts.google.com"], paths: &["/o/oauth2/revoke"] },
];

const SECURITY_TOKEN_SERVICE: &[Group] = &[Group {
    origins: &[
        "https://sts.googleapis.com",
        "https://sts.mtls.googleapis.com",
        "https://sts.{region}.rep.googleapis.com",
        "https://{region}-sts.googleapis.com",
    ],
    paths: &["/v1/token", "/v1/oauthtoken"],
}];

const IAM_CREDENTIALS: &[Group] = &[Group {
    origins: &[
        "https://iamcredentials.googleapis.com",
        "https://iamcredentials.mtls.googleapis.com",
        "https://iamcredentials.{region}.rep.googleapis.com",
    ],
    paths: &[
        "/v1/projects/-/serviceAccounts/{email}:generateAccessToken",
        "/v1/projects/-/serviceAccounts/{email}:generateIdToken",
        "/v1/projects/-/serviceAccounts/{email}:signJwt",
    ],
}];

const TOKEN_INFO: &[Group] = &[Group { origins: &["https://oauth2.googleapis.com"], paths: &["/tokeninfo"] }];

const USER_INFO: &[Group] = &[Group { origins: &["https://openidconnect.googleapis.com"], paths: &["/v1/userinfo"] }];

const AWS_VERIFICATION: &[Group] = &[Group {
    origins: &[
        "https://sts.amazonaws.com",
        "https://sts.{region}.amazonaws.com",
        "https://sts.{region}.amazonaws.com.cn",
    ],
    paths: &["/?Action=GetCallerIdentity&Version=2011-06-15"],
}];

const AWS_METADATA: &[Group] =
    &[Group { origins: &["http://169.254.169.254", "http://[fd00:ec2::254]"], paths: &["/latest/{path}"] }];

impl Role {
    fn groups(self) -> &'static [Group] {
        match self {
            Self::Token => TOKEN,
            Self::Authorization => AUTHORIZATION,
            Self::Revocation => REVOCATION,
            Self::SecurityTokenService => SECURITY_TOKEN_SERVICE,
            Self::IamCredentials => IAM_CREDENTIALS,
            Self::TokenInfo => TOKEN_INFO,
            Self::UserInfo => USER_INFO,
            Self::AwsVerification => AWS_VERIFICATION,
            Self::AwsMetadata => AWS_METADATA,
        }
    }

    /// For messages, after "is not".
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Token => "a Google token endpoint",
            Self::Authorization => "a Google authorization endpoint",
            Self::Revocation => "a Google revocation endpoint",
            Self::SecurityTokenService => "Google's Security Token Service",
            Self::IamCredentials => "Google's IAM Credentials API",
            Self::TokenInfo => "Google's tokeninfo",
            Self::UserInfo => "Google's userinfo",
            Self::AwsVerification => "GetCallerIdentity at AWS",
            Self::AwsMetadata => "the AWS metadata service",
        }
    }

    /// The URL that messages name, and that is used if no file names one.
    pub(crate) fn example(self) -> (&'static str, &'static str) {
        let first = &self.groups()[0];
        (first.origins[0], first.paths[0])
    }

    /// Whether an origin with a path and query, or on loopback the path and query at any origin, is in the table.
    pub(super) fn lists(self, origin: Option<&str>, path: &str) -> bool {
        self.groups().iter().any(|group| {
            origin.is_none_or(|origin| group.origins.iter().any(|pattern| fits(pattern, origin)))
                && group.paths.iter().any(|pattern| fits(pattern, path))
        })
    }

    /// All rows of the table, for its tests.
    #[cfg(test)]
    pub(super) fn patterns(self) -> Vec<String> {
        let rows = |group: &Group| -> Vec<String> {
            group
                .origins
                .iter()
                .flat_map(|origin| group.paths.iter().map(move |path| format!("{origin}{path}")))
                .collect()
        };
        self.groups().iter().flat_map(rows).collect()
    }

    /// Whether requests may go there by plain http.
    pub(super) fn is_plain(self, host: &str) -> bool {
        self == Self::AwsMetadata && AWS_METADATA_HOSTS.contains(&host)
    }
}

/// Whether a text matches a pattern of the table.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((before, rest)) = pattern.split_once('{') else {
        return pattern == text;
    };
    let Some((class, after)) = rest.split_once('}') else {
        return false;
    };
    let Some(part) = text.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)) else {
        return false;
    };
    match class {
        "region" => is_region(part),
        "email" => is_email(part),
        _ => is_path(part),
    }
}

/// Plain segments, perhaps with a slash at the end.
fn is_path(text: &str) -> bool {
    let is_segment =
        |segment: &str| !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    text.strip_suffix('/').unwrap_or(text).split('/').all(is_segment)
}

/// `europe-west1`, `us-gov-east-1`, `eu`.
pub(crate) fn is_region(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
