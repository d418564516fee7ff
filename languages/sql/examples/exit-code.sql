select 'leaving';
.exit 7
