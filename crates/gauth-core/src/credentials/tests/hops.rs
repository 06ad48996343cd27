//! Credentials of several hops, played through by hand: what they ask for next, given each answer.

mod impersonation;

use serde_json::json;

use super::*;
use crate::exchange::Answer;

/// `{"alg":"none"}`, `{}` and a signature.
const JWT: &str = "eyJhbGciOiJub25lIn0.e30.c2ln";
const IAM: &str = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/robot@p.iam.gserviceaccount.com";

fn external(source: serde_json::Value) -> serde_json::Value {
    json!({
        "type": "external_account", "audience": "//iam.googleapis.com/pool",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token", "credential_source": source,
    })
}

fn impersonating(mut file: serde_json::Value) -> serde_json::Value {
    file["service_account_impersonation_url"] = format!("{IAM}:generateAccessToken").into();
    file
}

/// A machine at work, with the request it made last.
struct Play {
    exchange: Box<dyn Exchange>,
    step: Step,
}

impl Play {
    fn of(file: serde_json::Value, request: &TokenRequest) -> Self {
        Self::with(file, request, &|_| None)
    }

    fn with(file: serde_json::Value, request: &TokenRequest, env: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Self {
        let mut exchange = parse_with(file, env).unwrap().exchange(request, now()).unwrap();
        let step = exchange.step(None, now()).unwrap();
        Self { exchange, step }
    }

    fn answer(&mut self, answer: Answer) -> Result<&mut Self, Error> {
        self.step = self.exchange.step(Some(answer), now())?;
        Ok(self)
    }

    fn json(&mut self, body: serde_json::Value) -> &mut Self {
        let response = http::Response::new(body.to_string().into_bytes());
        self.answer(Answer::Response(response)).unwrap()
    }

    fn text(&mut self, body: &str) -> &mut Self {
        let response = http::Response::new(body.as_bytes().to_vec());
        self.answer(Answer::Response(response)).unwrap()
    }

    fn token(&mut self, token: &str) -> &mut Self {
        self.json(json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600}))
    }

    fn request(&self) -> &crate::Request {
        let Step::Send(request) = &self.step else { panic!("a request is due, not {:?}", self.step) };
        request
    }

    fn form(&self) -> Vec<(String, String)> {
        form::decode(std::str::from_utf8(self.request().body()).unwrap()).unwrap()
    }

    fn body(&self) -> serde_json::Value {
        serde_json::from_slice(self.request().body()).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.request().headers()[name].to_str().unwrap()
    }

    fn done(&self) -> &str {
        let Step::Done(token) = &self.step else { panic!("the token is due, not {:?}", self.step) };
        token.token.expose()
    }
}

#[test]
fn a_file_source_is_read_then_exchanged() {
    let source = json!({"file": "/run/token", "format": {"type": "json", "subject_token_field_name": "t"}});
    let mut play = Play::of(external(source), &TokenRequest::default());
    assert!(matches!(&play.step, Step::ReadFile { path, .. } if path.as_os_str() == "/run/token"));
    play.answer(Answer::File(Some(json!({"t": JWT}).to_string().into_bytes()))).unwrap();
    assert_eq!(play.request().uri(), "https://sts.googleapis.com/v1/token");
    let expected = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("audience", "//iam.googleapis.com/pool"),
        ("scope", crate::scope::DEFAULT),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("subject_token", JWT),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(play.form(), expected);
    assert_eq!(play.token("federated").done(), "federated");
}

#[test]
fn e3_the_service_is_judged_before_the_file_is_looked_at() {
    let mut file = external(json!({"file": "/etc/shadow"}));
    file["token_url"] = "https://sts.googleapis.com.evil.test/v1/token".into();
    assert!(refusal(file).contains("token_url"));
}

#[test]
fn a_missing_or_overlong_subject_token_is_named() {
    for answer in [
        Answer::File(None),
        Answer::File(Some(Vec::new())),
        Answer::File(Some(vec![b'x'; (64 << 10) + 1])),
        Answer::File(Some(vec![0xff])),
        Answer::File(Some(b"\xff\xfea\0".to_vec())),
    ] {
        let mut play = Play::of(external(json!({"file": "/run/token"})), &TokenRequest::default());
        let Err(error) = play.answer(answer) else { panic!("must be refused") };
        assert!(error.to_string().starts_with("subject token from \"/run/token\""));
    }
}

#[test]
fn e3_what_is_not_a_jwt_is_not_sent_as_one() {
    for kind in ["jwt", "id_token", "saml2"] {
        for content in
            ["-----BEGIN OPENSSH PRIVATE KEY-----", "root:x:0:0:root", "a.b.c", "a.e30", "a.e30.b.c", "hunter2"]
        {
            let mut file = external(json!({"file": "/home/me/.ssh/id_ed25519"}));
            file["subject_token_type"] = format!("urn:ietf:params:oauth:token-type:{kind}").into();
            let mut play = Play::of(file, &TokenRequest::default());
            let result = play.answer(Answer::File(Some(content.into()))).map(|_| ());
            assert_eq!(result.is_ok(), kind == "saml2", "{kind} {content}");
            if let Err(error) = result {
                assert!(error.to_string().contains("file /home/me/.ssh/id_ed25519: expected a JWT"), "{error}");
                assert_eq!(error.kind(), crate::Kind::Usage);
            }
        }
    }
}

#[test]
fn with_a_service_account_on_top_the_federated_token_may_only_call_iam() {
    let mut file = impersonating(external(json!({"file": "/run/token"})));
    file["service_account_impersonation"] = json!({"token_lifetime_seconds": 1800});
    let mut play = Play::of(file, &TokenRequest::default());
    play.answer(Answer::File(Some(format!("\u{feff}{JWT}\r\n").into_bytes()))).unwrap();
    assert_eq!(field(&play.form(), "scope"), "https://www.googleapis.com/auth/cloud-platform");
    play.token("federated");
    assert_eq!(play.request().uri().to_string(), format!("{IAM}:generateAccessToken"));
    assert_eq!(play.header("authorization"), "Bearer federated");
    assert_eq!(play.body(), json!({"scope": [crate::scope::DEFAULT], "lifetime": "1800s"}));
    play.json(json!({"accessToken": "robot", "expireTime": "2026-01-31T10:08:07Z"}));
    assert_eq!(play.done(), "robot");
    let Step::Done(token) = &play.step else { unreachable!() };
    assert_eq!(token.life, Some(Duration::from_secs(3600)));
}

#[test]
fn a_client_goes_into_the_authorization_header_and_a_user_project_into_the_options() {
    let mut file = external(json!({"file": "/run/token"}));
    file["workforce_pool_user_project"] = "p1".into();
    let mut play = Play::of(file.clone(), &TokenRequest::default());
    play.answer(Answer::File(Some(JWT.into()))).unwrap();
    assert_eq!(field(&play.form(), "options"), r#"{"userProject":"p1"}"#);
    file["client_id"] = "id".into();
    file["client_secret"] = "secret".into();
    let mut play = Play::of(file, &TokenRequest::default());
    play.answer(Answer::File(Some(JWT.into()))).unwrap();
    assert_eq!(play.header("authorization"), "Basic aWQ6c2VjcmV0");
    assert_eq!(field(&play.form(), "options"), "");
}

#[test]
fn a_url_source_is_asked_with_the_headers_of_the_file() {
    let source = json!({
        "url": "http://169.254.169.254/metadata/identity?x=1", "headers": {"Metadata": "true"},
        "format": {"type": "json", "subject_token_field_name": "access_token"},
    });
    let mut play = Play::of(external(source), &TokenRequest::default());
    assert_eq!(play.request().uri(), "http://169.254.169.254/metadata/identity?x=1");
    assert_eq!(play.header("metadata"), "true");
    play.json(json!({"access_token": JWT}));
    assert_eq!(field(&play.form(), "subject_token"), JWT);
}

#[test]
fn e4_a_url_source_cannot_pose_or_leave_https() {
    for source in [
        json!({"url": "http://metadata.google.internal/token", "headers": {"Metadata-Flavor": "Google"}}),
        json!({"url": "https://a.test/", "headers": {"Host": "b.test"}}),
        json!({"url": "https://a.test/", "headers": {"transfer-encoding": "chunked"}}),
        json!({"url": "https://a.test/", "headers": {"X": "a\r\nY: b"}}),
        json!({"url": "https://a.test/", "headers": {"X": 1}}),
        json!({"url": "http://a.test/"}),
        json!({"url": "file:///etc/passwd"}),
    ] {
        assert!(parse(external(source.clone())).is_err(), "{source}");
    }
}

fn allowed(name: &str) -> Option<std::ffi::OsString> {
    (name == "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES").then(|| "1".into())
}

#[test]
fn e5_a_program_runs_only_when_allowed_and_without_a_shell() {
    let source = json!({"executable": {"command": "get-token --for ;rm", "output_file": "/run/out"}});
    assert!(refusal(external(source.clone())).contains("ALLOW_EXECUTABLES=1"));
    let mut play = Play::with(impersonating(external(source)), &TokenRequest::default(), &allowed);
    assert!(matches!(&play.step, Step::ReadFile { path, .. } if path.as_os_str() == "/run/out"));
    play.answer(Answer::File(None)).unwrap();
    let Step::Run(program) = &play.step else { panic!("the program is due") };
    assert_eq!(program.argv, ["get-token", "--for", ";rm"]);
    assert_eq!(program.timeout, Duration::from_secs(30));
    let variables = [
        ("AUDIENCE", "//iam.googleapis.com/pool"),
        ("TOKEN_TYPE", "urn:ietf:params:oauth:token-type:jwt"),
        ("INTERACTIVE", "0"),
        ("IMPERSONATED_EMAIL", "robot@p.iam.gserviceaccount.com"),
        ("OUTPUT_FILE", "/run/out"),
    ]
    .map(|(name, value)| (format!("GOOGLE_EXTERNAL_ACCOUNT_{name}"), value.to_owned()));
    assert_eq!(program.environment, variables);
    let answer = json!({
        "version": 1, "success": true, "token_type": "urn:ietf:params:oauth:token-type:id_token",
        "id_token": JWT, "expiration_time": 1_769_850_488,
    });
    play.answer(Answer::Output(answer.to_string().into_bytes())).unwrap();
    assert_eq!(field(&play.form(), "subject_token"), JWT);
}

#[test]
fn a_programs_kept_answer_is_used_while_it_holds() {
    let source = json!({"executable": {"command": "x", "output_file": "/run/out"}});
    for (end, holds) in [(json!(1_769_850_488), true), (json!(1_769_850_487), false), (json!(null), false)] {
        let mut file = external(source.clone());
        file["subject_token_type"] = "urn:ietf:params:oauth:token-type:saml2".into();
        let mut play = Play::with(file, &TokenRequest::default(), &allowed);
        let answer = json!({
            "version": 1, "success": true, "token_type": "urn:ietf:params:oauth:token-type:saml2",
            "saml_response": "subject", "expiration_time": end,
        });
        play.answer(Answer::File(Some(answer.to_string().into_bytes()))).unwrap();
        assert_eq!(matches!(play.step, Step::Send(_)), holds, "{end}");
    }
}

#[test]
fn what_a_program_says_of_its_failure_is_kept() {
    for (answer, part) in [
        (json!({"version": 1, "success": false, "code": "401", "message": "no login"}), "401: no login"),
        (json!({"version": 2, "success": true}), "version"),
        (json!({"version": 1, "success": true, "token_type": "x"}), "token_type"),
        (
            json!({"version": 1, "success": true, "token_type": "urn:ietf:params:oauth:token-type:jwt"}),
            "id_token: missing",
        ),
    ] {
        let source = json!({"executable": {"command": "x"}});
        let mut play = Play::with(external(source), &TokenRequest::default(), &allowed);
        let Err(error) = play.answer(Answer::Output(answer.to_string().into_bytes())) else {
            panic!("must be refused")
        };
        assert!(error.to_string().contains(part), "{error}");
    }
}

fn aws() -> serde_json::Value {
    let mut file = external(json!({
        "environment_id": "aws1",
        "region_url": "http://169.254.169.254/latest/meta-data/placement/availability-zone",
        "url": "http://169.254.169.254/latest/meta-data/iam/security-credentials",
        "imdsv2_session_token_url": "http://169.254.169.254/latest/api/token",
        "regional_cred_verification_url": "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
    }));
    file["subject_token_type"] = "urn:ietf:params:aws:token-type:aws4_request".into();
    file
}

/// The signed request inside a token exchange.
fn signed(play: &Play) -> serde_json::Value {
    let token = field(&play.form(), "subject_token").to_owned();
    let decoded = form::decode(&format!("x={}", token.replace('+', "%2B"))).unwrap();
    serde_json::from_str(&decoded[0].1).unwrap()
}

#[test]
fn aws_keys_of_the_environment_sign_without_a_question() {
    let env = |name: &str| {
        let value = match name {
            "AWS_ACCESS_KEY_ID" => "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY" => "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "AWS_SESSION_TOKEN" => "session/token==",
            "AWS_REGION" => "us-east-2",
            _ => return None,
        };
        Some(value.into())
    };
    let play = Play::with(aws(), &TokenRequest::default(), &env);
    // The signature was computed once by an implementation in another language.
    assert_eq!(
        signed(&play),
        json!({
            "url": "https://sts.us-east-2.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
            "method": "POST",
            "headers": [
                {"key": "host", "value": "sts.us-east-2.amazonaws.com"},
                {"key": "x-amz-date", "value": "20260131T090807Z"},
                {"key": "x-amz-security-token", "value": "session/token=="},
                {"key": "x-goog-cloud-target-resource", "value": "//iam.googleapis.com/pool"},
                {"key": "Authorization", "value": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260131/us-east-2/sts/aws4_request, \
                    SignedHeaders=host;x-amz-date;x-amz-security-token;x-goog-cloud-target-resource, \
                    Signature=a8c0f06ae908a0472af90a2b1e6508afceed66cb9db0293bfdc4b3151a468b53"},
            ],
        })
    );
}

#[test]
fn e2_nothing_but_the_question_who_we_are_is_signed() {
    const QUERY: &str = "?Action=GetCallerIdentity&Version=2011-06-15";
    for url in [
        "https://iam.amazonaws.com/?Action=CreateAccessKey&UserName=x".to_owned(),
        "https://sts.{region}.amazonaws.com/?Action=AssumeRole&Version=2011-06-15".to_owned(),
        "https://sts.{region}.amazonaws.com/?Version=2011-06-15&Action=GetCallerIdentity".to_owned(),
        "https://sts.{region}.amazonaws.com/".to_owned(),
        format!("https://sts.{{region}}.amazonaws.com/{QUERY}&RoleArn=x"),
        format!("https://sts.{{region}}.amazonaws.com/x{QUERY}"),
        format!("https://sts.{{region}}.amazonaws.com.evil.test{QUERY}"),
        format!("https://sts.{{region}}.evil.test{QUERY}"),
        format!("http://sts.{{region}}.amazonaws.com{QUERY}"),
    ] {
        let mut file = aws();
        file["credential_source"]["regional_cred_verification_url"] = url.as_str().into();
        let error = refusal(file);
        assert!(error.contains("regional_cred_verification_url"), "{url}: {error}");
    }
    for host in ["sts.amazonaws.com", "sts.eu-west-3.amazonaws.com", "sts.{region}.amazonaws.com.cn"] {
        for slash in ["", "/"] {
            let mut file = aws();
            file["credential_source"]["regional_cred_verification_url"] =
                format!("https://{host}{slash}{QUERY}").into();
            assert!(parse(file).is_ok(), "{host}");
        }
    }
}

#[test]
fn e4_the_three_metadata_urls_name_one_host() {
    let names = ["imdsv2_session_token_url", "region_url", "url"];
    for name in names {
        for url in [
            "http://127.0.0.1/latest/x",
            "http://[fd00:ec2::254]/latest/x",
            "http://169.254.169.253/latest/x",
            "https://a.test/latest/x",
            "http://169.254.169.254/computeMetadata/v1/x",
        ] {
            let mut file = aws();
            file["credential_source"][name] = url.into();
            assert!(refusal(file).contains("field credential_source"), "{name} {url}");
        }
    }
    for host in ["http://127.0.0.1:1338", "http://[fd00:ec2::254]", "http://localhost:1338"] {
        let mut file = aws();
        for name in names {
            let url = file["credential_source"][name].as_str().unwrap().replace("http://169.254.169.254", host);
            file["credential_source"][name] = url.into();
        }
        assert!(parse(file).is_ok(), "{host}");
    }
}

#[test]
fn e2_a_region_is_a_name_and_no_part_of_a_url() {
    for region in ["us-east-1.evil.test/", "x/", "", "US", "a.b", "a@b", "-", "x-"] {
        let env = |name: &str| (name == "AWS_REGION").then(|| region.into());
        assert!(parse_with(aws(), &env).is_err(), "{region}");
    }
    for zone in ["evil.test/a", "us-east-1.evil", "1a", "b"] {
        let mut play = Play::of(aws(), &TokenRequest::default());
        play.text("session");
        let response = http::Response::new(zone.as_bytes().to_vec());
        assert!(play.answer(Answer::Response(response)).is_err(), "{zone}");
    }
}

#[test]
fn aws_keys_and_region_come_from_the_metadata_service_version_2() {
    let mut play = Play::of(aws(), &TokenRequest::default());
    assert_eq!(play.request().method(), http::Method::PUT);
    assert_eq!(play.header("x-aws-ec2-metadata-token-ttl-seconds"), "300");
    play.text("imds-session");
    assert!(play.request().uri().path().ends_with("availability-zone"));
    assert_eq!(play.header("x-aws-ec2-metadata-token"), "imds-session");
    play.text("us-east-2b");
    assert!(play.request().uri().path().ends_with("security-credentials"));
    play.text("role");
    assert!(play.request().uri().path().ends_with("security-credentials/role"));
    play.json(json!({"AccessKeyId": "AKID", "SecretAccessKey": "secret", "Token": "t"}));
    assert_eq!(signed(&play)["headers"][0]["value"], "sts.us-east-2.amazonaws.com");
}

#[test]
fn a_workforce_users_grant_is_refreshed_with_basic_authentication() {
    let file = json!({
        "type": "external_account_authorized_user", "audience": "//iam.googleapis.com/pool",
        "client_id": "id", "client_secret": "secret", "refresh_token": "r",
        "token_url": "https://sts.googleapis.com/v1/oauthtoken",
    });
    let mut play = Play::of(file, &TokenRequest::default());
    assert_eq!(play.header("authorization"), "Basic aWQ6c2VjcmV0");
    assert_eq!(field(&play.form(), "client_secret"), "");
    play.json(json!({"access_token": "a", "token_type": "Bearer", "refresh_token": "r2"}));
    assert_eq!(play.done(), "a");
    assert_eq!(play.exchange.refresh_token().unwrap().expose(), "r2");
}

#[test]
fn the_metadata_server_is_asked_by_google_s_rules_and_believed_only_with_its_flavor() {
    let policy = Policy::default();
    let credentials = Credentials::metadata_server("metadata.google.internal", &policy).unwrap();
    let mut exchange = credentials.exchange(&TokenRequest::default(), now()).unwrap();
    let Step::Send(request) = exchange.step(None, now()).unwrap() else { panic!("a request is due") };
    assert_eq!(
        request.uri(),
        "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token\
         ?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fanalytics.readonly"
    );
    assert_eq!(request.headers()["metadata-flavor"], "Google");
    let body = br#"{"access_token":"a","expires_in":300,"token_type":"Bearer"}"#.to_vec();
    let plain = http::Response::new(body.clone());
    assert!(exchange.step(Some(Answer::Response(plain)), now()).is_err());
    let good = http::Response::builder().header("Metadata-Flavor", "Google").body(body).unwrap();
    assert!(matches!(exchange.step(Some(Answer::Response(good)), now()), Ok(Step::Done(_))));
    assert!(Credentials::metadata_server("evil.test", &policy).is_err());
    let named = Policy::default().with_metadata_hosts(["mds.test:8080/prefix"]);
    assert!(Credentials::metadata_server("mds.test:8080/prefix", &named).is_ok());
}

#[test]
fn what_an_outside_identity_cannot_give_is_refused_with_the_next_step() {
    for request in [
        TokenRequest { audience: Some("a".into()), ..TokenRequest::default() },
        TokenRequest { subject: Some("a@b.test".into()), ..TokenRequest::default() },
    ] {
        let Err(error) = parse(external(json!({"file": "/x"}))).unwrap().exchange(&request, now()) else {
            panic!("must be refused")
        };
        assert!(error.hint().unwrap().contains("--impersonate"));
    }
    assert!(refusal(external(json!({"certificate": {}}))).contains("certificate"));
    assert!(refusal(external(json!({}))).contains("environment_id, file, url, executable"));
}
