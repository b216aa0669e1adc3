{
  'target_defaults': {
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++14', '-std=gnu++1y'],
    'cflags_cc': ['-std=c++20', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden', '-fno-exceptions', '-fno-rtti'],
    'include_dirs': ['.'],
    'conditions': [
      ['target_arch=="x64"', { 'cflags_cc': ['-march=x86-64-v2'] }],
      ['"<!(echo ${LVSD_SANITIZE:-no})"=="yes"', {
        'cflags_cc': ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer', '-g', '-O1'],
        'ldflags': ['-fsanitize=address,undefined'],
      }],
    ],
  },
  'targets': [
    {
      # knows neither Node nor a device: part of the addon (replay, explain) and of lvsd-dataplane
      'target_name': 'engine',
      'type': 'static_library',
      'sources': ['<!@(ls packet/*.cc engine/*.cc)'],
      'cflags': ['-fPIC'],
    },
    {
      'target_name': 'lvsd',
      'sources': [
        'binding/addon.cc',
        'binding/advert_handle.cc',
        'binding/connector_handle.cc',
        'binding/datagram_handle.cc',
        'binding/names.cc',
        'binding/netlink_handle.cc',
        'binding/peer_credentials.cc',
        'binding/readable_watch.cc',
        'binding/unix_datagram.cc',
        'socket/connector.cc',
        'socket/datagram.cc',
        'socket/advert_socket.cc',
        'socket/frame_socket.cc',
        'socket/netlink.cc',
        'socket/peer_credentials.cc',
        'socket/unix_datagram.cc',
        '<!@(ls vrrp/*.cc)',
        'binding/engine_handle.cc',
      ],
      'dependencies': ['engine'],
      'include_dirs': ["<!@(node -p \"require('node-addon-api').include_dir\")"],
      # the last: what cannot be thrown any more, in a worker that is being terminated, is no reason to abort the process
      'defines': ['NAPI_VERSION=8', 'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS', 'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
    },
    {
      'target_name': 'lvsd-launch',
      'type': 'executable',
      'sources': ['launch/launch.cc'],
    },
    {
      'target_name': 'lvsd-dataplane',
      'type': 'executable',
      'dependencies': ['engine'],
      'sources': ['<!@(ls port/*.cc control/*.cc dataplane/*.cc)'],
      'ldflags': ['-pthread'],
    },
  ],
}
