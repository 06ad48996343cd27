//! The Analytics Data and Admin API as pure functions: reports, filters, paging, the v3 bridge
