//! Messages, clients and servers of the API, generated from `proto/motcua/v1/`.
//!
//! The smallest client:
//!
//! ```no_run
//! use motcua_api::v1::ListProceduresRequest;
//! use motcua_api::v1::procedure_service_client::ProcedureServiceClient;
//!
//! # async fn list() -> Result<(), Box<dyn std::error::Error>> {
//! let mut procedures = ProcedureServiceClient::connect("http://127.0.0.1:8443").await?;
//! let mut request = tonic::Request::new(ListProceduresRequest::default());
//! request.metadata_mut().insert("authorization", "Bearer …".parse()?);
//! let page = procedures.list_procedures(request).await?.into_inner();
//! # Ok(())
//! # }
//! ```
//!
//! # The most common change
//!
//! Edit the `.proto` file; the build regenerates everything. Then `convert` and `services` of the
//! server crate say what to do with it. Field numbers are never reused, and a released field keeps
//! its meaning.
//!
//! # Map
//!
//! [`v1`] messages and stubs · [`FILE_DESCRIPTOR_SET`] for reflection · [`SERVICES`] names for
//! health.

/// The package `motcua.v1`.
pub mod v1 {
    #![expect(clippy::allow_attributes, reason = "generated code carries its own")]

    tonic::include_proto!("motcua.v1");
}

/// The compiled `proto/motcua/v1/*.proto`, an encoded `google.protobuf.FileDescriptorSet`.
pub const FILE_DESCRIPTOR_SET: &[u8] = tonic::include_file_descriptor_set!("motcua.v1");

/// Full names of the services.
pub const SERVICES: [&str; 6] = [
    v1::dossier_service_server::SERVICE_NAME,
    v1::desk_service_server::SERVICE_NAME,
    v1::procedure_service_server::SERVICE_NAME,
    v1::deadline_service_server::SERVICE_NAME,
    v1::audit_service_server::SERVICE_NAME,
    v1::admin_service_server::SERVICE_NAME,
];
