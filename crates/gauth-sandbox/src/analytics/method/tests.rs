use super::*;

#[test]
fn paths_and_verbs_lead_to_methods() {
    for (verb, path, expected) in [
        ("GET", "/v1beta/accountSummaries", Some(("ListAccountSummaries", ""))),
        ("GET", "/v1beta/properties/7", Some(("GetProperty", "7"))),
        ("GET", "/v1beta/properties/0/metadata", Some(("GetMetadata", "0"))),
        ("GET", "/v1alpha/properties/7/propertyQuotasSnapshot", Some(("GetPropertyQuotasSnapshot", "7"))),
        ("POST", "/v1beta/properties/7:runReport", Some(("RunReport", "7"))),
        ("POST", "/v1alpha/properties/7:runFunnelReport", Some(("RunFunnelReport", "7"))),
        ("POST", "/v1beta/properties/7/audienceExports", Some(("CreateAudienceExport", "7"))),
        ("GET", "/v1beta/properties/7/audienceExports", Some(("ListAudienceExports", "7"))),
        ("GET", "/v1beta/properties/7/audienceExports/3", Some(("GetAudienceExport", "7/audienceExports/3"))),
        ("POST", "/v1beta/properties/7/audienceExports/3:query", Some(("QueryAudienceExport", "7/audienceExports/3"))),
        ("GET", "/v1beta/properties/7/audienceExports/3:query", None),
        ("GET", "/v1beta/properties/7/audienceExports/", None),
        ("GET", "/v1beta/properties/7/audienceExports/3/4", None),
        ("POST", "/v1beta/accountSummaries", None),
        ("GET", "/v1beta/properties/7:runReport", None),
        ("POST", "/v1beta/properties/7/runReport", None),
        ("POST", "/v1beta/properties/7:runFunnelReport", None),
        ("POST", "/v1beta/properties/7:runreport", None),
        ("POST", "/v1beta/properties/:runReport", None),
        ("POST", "/v1beta/properties/7/8:runReport", None),
        ("POST", "/v1/properties/7:runReport", None),
    ] {
        let found = Method::find(&METHODS, verb, path);
        let found = found.map(|(method, id)| (method.name.rsplit('.').next().unwrap_or_default(), id));
        assert_eq!(found, expected, "{verb} {path}");
    }
}
